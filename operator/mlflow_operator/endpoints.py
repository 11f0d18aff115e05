"""What Kubernetes and Prometheus ask of the process: /healthz, /readyz and /metrics."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mlflow_operator.engine import telemetry


async def serve(host: str, port: int, ailment: Callable[[], str | None], ready: Callable[[], bool]) -> web.AppRunner:
    """Start serving, unless the port is 0; the caller cleans the runner up. Without a host, on all addresses.

    ``ailment`` says what is wrong with this process and would be cured by a restart; ``ready``, whether everything has
    been listed and is watched, by the process that works as by one that would take over.
    """

    async def healthz(_: web.Request) -> web.Response:
        """Whether a restart would help."""
        wrong = ailment()
        return web.Response(text=wrong or "ok", status=500 if wrong else 200)

    async def readyz(_: web.Request) -> web.Response:
        """Whether changes are noticed."""
        fine = ready()
        return web.Response(text="ok" if fine else "not listing and watching yet", status=200 if fine else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(telemetry.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    if port:
        await web.TCPSite(runner, host or None, port).start()
    return runner
