"""Serves the certificate that is in its files now: what a renewal replaces is served without a restart.

Every Python of the server's container begins with this program, as its ``sitecustomize``: MLflow has uvicorn serve in
processes of its own, and neither of both can be told to read a certificate again. A connection takes the certificate
when it begins, so none that is there is touched.
"""

import contextlib
import importlib
import os
import ssl
import sys
from pathlib import Path
from typing import Any

FOLDER = "MLFLOW_SERVER_CERTIFICATE_FOLDER"
"""The variable by which ``start_server.py`` tells where the certificate is."""


class Certificate:
    """A certificate and its key, as they were in their files when they last fitted each other."""

    def __init__(self, certificate: str, key: str) -> None:
        """They have been read by somebody else."""
        self._files = (certificate, key)
        self._state = self._look()
        self._context: ssl.SSLContext | None = None
        """With what has been read since; None: nothing has."""

    def choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Give a connection that begins the certificate of now; all else about it stays as uvicorn wants it."""
        state = self._look()
        if state and state != self._state:
            self._state = state
            self._read()
        if self._context is not None:
            connection.context = self._context

    def _read(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            _load(context, *self._files)
        except (OSError, ValueError) as error:
            say(f"{self._files[0]} has changed and cannot be served, so the one before is: {error}")
        else:
            self._context = context
            say(f"{self._files[0]} has changed and is served from now on")

    def _look(self) -> list[tuple[int, int, int]]:
        """What tells whether the files are others; nothing, where they are not there."""
        try:
            found = [os.stat(name) for name in self._files]
        except OSError:
            return []
        return [(each.st_mtime_ns, each.st_ino, each.st_size) for each in found]


def say(text: str) -> None:
    """A line for the log of the pod."""
    sys.stderr.write(f"certificate: {text}\n")


_load = ssl.SSLContext.load_cert_chain


def _load_and_follow(context: ssl.SSLContext, certfile: Any, keyfile: Any = None, password: Any = None) -> None:
    """As load_cert_chain; of the server's own certificate every change is followed."""
    _load(context, certfile, keyfile, password)
    folder = os.environ.get(FOLDER)
    if keyfile and folder and Path(certfile).parent == Path(folder):
        context.sni_callback = Certificate(str(certfile), str(keyfile)).choose


def _go_on() -> None:
    """Run the ``sitecustomize`` that the image has, if it has one: only the first that is found is run."""
    mine = sys.modules.pop("sitecustomize")
    sys.path[:] = [folder for folder in sys.path if folder != str(Path(__file__).parent)]
    with contextlib.suppress(ImportError):
        importlib.import_module("sitecustomize")
    sys.modules.setdefault("sitecustomize", mine)


if __name__ == "sitecustomize":
    ssl.SSLContext.load_cert_chain = _load_and_follow  # type: ignore[assignment, method-assign]
    _go_on()
