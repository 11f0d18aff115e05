"""A way to a server that breaks off: each connection is cut after so many bytes of its answers."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_PIECE = 16 * 1024


@dataclass
class Cutter:
    """Passes bytes on until it cuts."""

    target: str
    after: int | None = None
    """Bytes of answers on one connection, from when this was said; None: it never cuts."""
    cuts: int = 0
    url: str = ""

    def pass_on(self, here: socket.socket) -> None:
        """One connection, both ways."""
        address = urlsplit(self.target)
        with socket.create_connection((address.hostname, address.port)) as there:
            asking = threading.Thread(target=_copy, args=(here, there), daemon=True)
            asking.start()
            sent = 0
            with contextlib.suppress(OSError):
                while piece := there.recv(_PIECE):
                    sent += len(piece) if self.after is not None else 0
                    if self.after is not None and sent >= self.after:
                        self.cuts += 1
                        break
                    here.sendall(piece)
            _end(here)
            _end(there)
            asking.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    _end(target)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def cutter(target: str) -> Iterator[Cutter]:
    """Stand before a server on loopback."""
    made = Cutter(target)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            made.pass_on(self.request)

    with _Server(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
