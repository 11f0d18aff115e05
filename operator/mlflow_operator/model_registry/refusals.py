"""What MLflow, something in front of it or the way to it says no with, as errors of this library."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from mlflow_operator.model_registry.errors import (
    Conflict,
    Invalid,
    NotFound,
    PermissionDenied,
    RegistryError,
    Unavailable,
)

_LONGEST = 300
"""Characters of somebody else's text that are shown."""

_BY_CODE: dict[str, type[RegistryError]] = {
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "NOT_FOUND": NotFound,
    "RESOURCE_ALREADY_EXISTS": Conflict,
    "RESOURCE_CONFLICT": Conflict,
    "PERMISSION_DENIED": PermissionDenied,
    "UNAUTHENTICATED": PermissionDenied,
    "ENDPOINT_NOT_FOUND": Unavailable,
}


def not_mlflow(base: str) -> Unavailable:
    """Something answered, and it was not MLflow."""
    return Unavailable(f"{base} answered something other than MLflow's JSON; {_URL}")


def too_large(base: str, most: str) -> Unavailable:
    """An answer beyond what is read."""
    return Unavailable(f"{base} answered more than {most}, and no more is read; {_URL}")


_URL = "check the URL, and what stands in front of MLflow"
_LOGIN = "check the user, password or token, and that the server allows this host"


def refusal(base: str, status: int, location: str, body: bytes) -> RegistryError:
    """An answer that says no; ``location`` is where it leads, if it is a redirect."""
    code, message = _code_and_message(body)
    said = f"{base} answered {status}"
    if 300 <= status < 400:
        where = _target(location)
        return Unavailable(f"{said}, a redirect{where}, which is not followed: it may be a login page; {_URL}")
    if status in (401, 407):
        return PermissionDenied(f"{said}: it does not know who asks; {_LOGIN}")
    if status == 403 and not code:
        return PermissionDenied(f"{said}: who asks may not do this; {_LOGIN}")
    if status in (408, 429) or status >= 500:
        return Unavailable(f"{said} {code}: {message}" if code else f"{said}; look at the server's log")
    if not code:
        return Unavailable(f"{said}, not with an error of MLflow's; {_URL}")
    return _BY_CODE.get(code, Invalid)(f"{said} {code}: {message}")


def unanswered(base: str, error: Exception) -> Unavailable:
    """A question without an answer."""
    return Unavailable(f"{base} did not answer: {_cause(error)}")


def _cause(error: Exception) -> str:
    return next((say(error) for kind, say in _CAUSES if isinstance(error, kind)), f"no HTTP ({type(error).__name__})")


def _plain(error: OSError) -> str:
    """An error of the operating system, without addresses."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return re.sub(r"\[Errno -?\d+\] ", "", error.strerror or type(error).__name__).split(" (")[0][:_LONGEST]


_CERTIFICATE = "its certificate is not trusted; name the authority's file in MLFLOW_TRACKING_SERVER_CERT_PATH"

_CAUSES: tuple[tuple[type[Exception], Callable[[Any], str]], ...] = (
    (aiohttp.ClientConnectorCertificateError, lambda _: _CERTIFICATE),
    (aiohttp.ClientConnectorSSLError, lambda _: "no TLS; check whether the URL begins with http:// or https://"),
    (aiohttp.ClientConnectorDNSError, lambda _: "its host name is not known; check the URL"),
    (aiohttp.ClientConnectorError, lambda e: f"{_plain(e.os_error)}; check the URL, and whether the server runs"),
    (TimeoutError, lambda _: "no connection in time; check the URL, and what is on the way"),
    (aiohttp.ServerDisconnectedError, lambda _: "it closed the connection"),
    (OSError, lambda _: "it closed the connection"),
    (aiohttp.ClientPayloadError, lambda _: "it broke off in the middle of its answer"),
)
"""From the special to the general."""


def _code_and_message(body: bytes) -> tuple[str, str]:
    try:
        answer = json.loads(body)
        return _line(answer["error_code"]), _line(answer.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def _line(text: object) -> str:
    """Somebody else's text in one line of ours: nothing that moves a cursor or forges a line of a log."""
    return "".join(sign if sign.isprintable() else " " for sign in str(text)[:_LONGEST]).strip()


def _target(location: str) -> str:
    """Where a redirect leads; without the query, which may hold a token, and without a login."""
    try:
        found = urlsplit(location)
        host = found.hostname
    except ValueError:
        return ""
    return f" to {_line(f'{found.scheme}://{host}{found.path}' if host else found.path)}" if location else ""
