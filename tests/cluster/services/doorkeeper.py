"""A way to an MLflow that knows each write which passes, and can have something happen before or after one of them."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_DROPPED = ("connection", "transfer-encoding", "keep-alive")


@dataclass
class Doorkeeper:
    """Passes requests on; what is not GET is a write."""

    target: str
    writes: list[str] = field(default_factory=list)
    """Method and path of each write, since it was armed or made."""
    _strike: Callable[[], None] | None = None
    _at: int = -1
    _after: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def arm(self, strike: Callable[[], None] | None = None, at: int = -1, *, after: bool = False) -> None:
        """Count anew; let something happen before the write of that number, which does not arrive then, or after it."""
        with self._lock:
            self.writes.clear()
            self._strike, self._at, self._after = strike, at, after

    def passing(self, method: str, path: str) -> tuple[Callable[[], None] | None, bool]:
        """What happens at this request, and whether it happens after it."""
        with self._lock:
            if method == "GET":
                return None, False
            self.writes.append(f"{method} {urlsplit(path).path}")
            return (self._strike if len(self.writes) - 1 == self._at else None), self._after


@contextmanager
def doorkeeper(target: str) -> Iterator[Doorkeeper]:
    """Stand before an MLflow on loopback."""
    keeper = Doorkeeper(target)

    class Handler(_Handler):
        of = keeper

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    keeper.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who was killed takes no answer, and that is no news."""


class _Handler(BaseHTTPRequestHandler):
    of: Doorkeeper

    def do_GET(self) -> None:
        """Pass it on, whatever the method."""
        strike, after = self.of.passing(self.command, self.path)
        if strike and not after:
            strike()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        there = http.client.HTTPConnection(urlsplit(self.of.target).netloc)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        if strike:
            strike()
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in (*_DROPPED, "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - as the library calls them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nobody reads it."""
