"""MLflow's own HTTP client, for one server: it blocks, so it belongs into a thread.

Nothing here reads or changes MLflow's tracking URI or its active run, which belong to the program around.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from mlflow_operator.model_registry.artifacts.progress import Bar
from mlflow_operator.model_registry.connection import Connection
from mlflow_operator.model_registry.errors import MissingExtra, NotFound, Unavailable
from mlflow_operator.model_registry.refusals import not_mlflow, refusal

_API = "/api/2.0/mlflow/"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_SECONDS = 30
"""How long a server may be silent before a request is given up."""
_TRIES_AGAIN = 2
"""For what can be asked twice without harm."""
_CHUNK = 2**20
_LONGEST = 300
_ERROR = 64 * 2**10
_LOGIN = re.compile(r"//[^/@\s'\"]*@")

Check = Callable[[], None]
"""Called now and then during a transfer; raises to stop it."""


def module(name: str) -> Any:
    """A module of MLflow, which is imported now.

    Raises:
        MissingExtra: MLflow's client is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != "mlflow":
            raise
        hint = 'pip install "mlflow-operator[registry]"'
        raise MissingExtra(
            f"logging and loading models needs MLflow's client, which is not installed: {hint}"
        ) from None


class Server:
    """One MLflow server. Every method raises the error of this library that fits what the server says."""

    def __init__(self, to: Connection) -> None:
        self.to = to
        self._headers = {"Authorization": to.authorization} if to.authorization else {}
        if to.workspace:
            self._headers["X-MLFLOW-WORKSPACE"] = to.workspace

    def get(self, what: str, **query: str) -> dict[str, Any]:
        """An answer of the API, such as that of ``runs/get``; asked again where there is none."""
        return self._parsed(self._send("GET", _API + what, _TRIES_AGAIN, params=query))

    def post(self, what: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to something that is to be changed; asked once."""
        return self._parsed(self._send("POST", _API + what, 0, json=body))

    def files(self, path: str) -> list[dict[str, Any]]:
        """What is in a folder of the artifacts that the server hands out: ``path`` (the name alone), ``is_dir``."""
        answer = self._parsed(self._send("GET", _FILES, _TRIES_AGAIN, params={"path": path}))
        found: list[dict[str, Any]] = answer.get("files", [])
        return found

    def download(self, path: str, target: Path, bar: Bar, check: Check) -> None:
        """Write a file of the artifacts."""
        answer = self._send("GET", f"{_FILES}/{quote(path)}", _TRIES_AGAIN, stream=True)
        with target.open("wb") as file, answer:
            for chunk in self._pieces(answer):
                check()
                file.write(chunk)
                bar.add(len(chunk))

    def upload(self, file: Path, path: str, bar: Bar, check: Check) -> None:
        """Put a file among the artifacts, instead of one that is there."""
        size = file.stat().st_size
        with file.open("rb") as content:
            data = _Reader(content, size, bar, check) if size else b""
            self._send("PUT", f"{_FILES}/{quote(path)}", 0, data=data)

    @contextmanager
    def said(self, what: str) -> Iterator[None]:
        """Turn what MLflow's client raises, which is nothing that says more than its text, into an error of ours."""
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("mlflow", "requests", "urllib3", "botocore", "boto3"):
                raise
            if getattr(error, "error_code", None) == "RESOURCE_DOES_NOT_EXIST":
                raise NotFound(f"{what}: {_line(error)}") from None
            raise Unavailable(f"{what}: {_line(error)}") from None  # its chain holds URLs, which may hold a login

    def _pieces(self, answer: Any) -> Iterator[bytes]:
        with self.said(f"{self.to.url} broke off in the middle of a file"):
            yield from answer.iter_content(_CHUNK)

    def _send(self, method: str, endpoint: str, tries_again: int, **more: Any) -> Any:
        rest = module("mlflow.utils.rest_utils")
        trusted = {"server_cert_path": self.to.trusted or None, "ignore_tls_verification": self.to.insecure}
        with self.said(f"{self.to.url} did not answer"):
            answer = rest.http_request(
                rest.MlflowHostCreds(self.to.url, **trusted),
                endpoint,
                method,
                max_retries=tries_again,
                timeout=_SECONDS,
                raise_on_status=False,
                allow_redirects=False,
                extra_headers=self._headers,
                **more,
            )
            if answer.status_code != 200:
                body = answer.raw.read(_ERROR) if more.get("stream") else answer.content[:_ERROR]
                raise refusal(self.to.url, answer.status_code, answer.headers.get("Location", ""), body)
        return answer

    def _parsed(self, answer: Any) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            raise not_mlflow(self.to.url) from None
        if not isinstance(found, dict):
            raise not_mlflow(self.to.url)
        return found


class _Reader:
    """A file that is read for an upload; its length tells the client to send one, and no pieces without an end."""

    def __init__(self, content: BinaryIO, size: int, bar: Bar, check: Check) -> None:
        self._content, self._size, self._bar, self._check = content, size, bar, check

    def __len__(self) -> int:
        return self._size

    def read(self, count: int = -1) -> bytes:
        """The next bytes: more than are asked for, since whoever sends takes what comes, and asks for 16 KiB.

        Each piece is a turn of this thread, for which the event loop has to wait.
        """
        self._check()
        piece = self._content.read(max(count, _CHUNK))
        self._bar.add(len(piece))
        return piece


def _line(error: Exception) -> str:
    """What an error says, in one line and without a login."""
    text = _LOGIN.sub("//", str(error))
    return "".join(sign if sign.isprintable() else " " for sign in text[:_LONGEST]).strip()
