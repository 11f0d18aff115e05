"""Small HTTP servers of tests, each in a thread of its own."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.contextmanager
def serving(answer: Answer, port: int, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Answer whatever is asked at the port, until the body has run."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_serve(answer, port, tls), loop).result(10)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(_end(runner), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _serve(answer: Answer, port: int, tls: ssl.SSLContext | None) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    return runner


async def _end(runner: web.AppRunner) -> None:
    await runner.cleanup()
    await asyncio.sleep(0.1)  # until the last connections are closed too
