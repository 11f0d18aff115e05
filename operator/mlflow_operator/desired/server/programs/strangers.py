"""Takes everybody for a stranger who asks for MLflow's assistant.

The assistant runs programs on the server's host and writes files there, for whoever comes from that host (as of MLflow
3.17.2). In a pod nobody does: who seems to has come through the proxy of a mesh, which delivers everything from a
loopback address (Istio from 127.0.0.6), or says so in a header that the settings of uvicorn let count.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import take_leave  # type: ignore[import-not-found]

ASSISTANT = re.compile(r"/ajax-api/[0-9.]+/mlflow/assistant(/|$)")
_FORWARDED = (b"x-forwarded-for", b"forwarded")

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


class Strangers:
    """An ASGI application in front of MLflow's: of those who ask for the assistant it is not told where they are."""

    def __init__(self, app: App) -> None:
        """``app`` is MLflow's, with what uvicorn has put in front of it."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass a request on."""
        if ASSISTANT.search(scope.get("path", "")):
            headers = [(name, value) for name, value in scope.get("headers", ()) if name.lower() not in _FORWARDED]
            scope = {**scope, "client": None, "headers": headers}
        await self.app(scope, receive, send)


class Protocol(take_leave.Protocol):  # type: ignore[misc]
    """HTTP as uvicorn speaks it, for its option ``--http``."""

    def __init__(self, *words: Any, **named: Any) -> None:
        """As uvicorn makes one for each connection."""
        super().__init__(*words, **named)
        self.app: App = Strangers(self.__dict__["app"])
