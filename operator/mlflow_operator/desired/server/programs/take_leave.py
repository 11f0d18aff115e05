"""Lets clients go without losing a request, when the pod of the server ends.

A client that stays on its connection sends the next request at any moment, also at that at which uvicorn, told to end,
closes what is idle; nobody answers it then. With this protocol every answer from then on says that it is the last of
its connection, by which clients begin another, with a pod that stays. Only who keeps silent is left in the end.
"""

from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

SECONDS = 3.0
"""How long is waited for who keeps silent; the kubelet's patience has been running for five by then."""
LAST = (b"connection", b"close")

_Protocol: Any = AutoHTTPProtocol  # which of uvicorn's two it is depends on what is installed


class Protocol(_Protocol):  # type: ignore[misc]
    """HTTP as uvicorn speaks it, for its option ``--http``."""

    def shutdown(self) -> None:
        """Begin to end this connection, as uvicorn asks of each once it takes no others."""
        if LAST not in self.server_state.default_headers:
            self.server_state.default_headers = [*self.server_state.default_headers, LAST]
        self.loop.call_later(SECONDS, self._end)

    def _end(self) -> None:
        if self in self.connections:
            super().shutdown()
