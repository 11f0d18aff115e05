"""What MLflow, something in front of it or the way to it says no with, as errors of ours.

The words are the same from try to try, so that a status does not change with them.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from mlflow_operator.clients.webhooks.addresses import AddressNotAllowed
from mlflow_operator.errors import OperatorError, RegistryNotFound, RegistryRefused, RegistryUnavailable, Terminal

_LONGEST = 300
_LONGEST_WAIT = 600.0
"""Seconds that a server may ask to be left alone for; it could say a year."""


def not_mlflow(base: str) -> RegistryUnavailable:
    """Something answered, and it was not MLflow."""
    message = f"{base} answered something other than MLflow's JSON; check the URL, and what stands in front of it"
    return RegistryUnavailable("NotMLflow", message)


def too_large(base: str, found: str) -> RegistryUnavailable:
    """An answer beyond what is read; ``found`` says what there is more of, and how much is read."""
    message = f"{base} answered {found}; no more is read: check the URL, or remove versions and tags"
    return RegistryUnavailable("AnswerTooLarge", message)


def unanswered(base: str, error: Exception, advice: str) -> OperatorError:
    """A question without an answer; ``advice`` is for a certificate that is not trusted."""
    found = getattr(error, "os_error", None)
    if isinstance(found, AddressNotAllowed) or isinstance(error, AddressNotAllowed):
        return Terminal("AddressNotAllowed", f"{base} is not asked: {found or error}")
    if isinstance(error, aiohttp.InvalidURL):
        return Terminal("InvalidUrl", f"{base} is no URL that can be asked; correct it")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return RegistryUnavailable("CertificateNotTrusted", f"{base} was not asked: {_certificate(error)}; {advice}")
    return RegistryUnavailable("RegistryUnavailable", f"{base} did not answer: {cause(error)}")


def _certificate(error: Any) -> str:
    why = getattr(error.certificate_error, "verify_message", "") or "it does not fit the host name"
    return f"its certificate is not trusted ({why.rstrip('.')})"


def _handshake(error: Any) -> str:
    why = getattr(error.os_error, "reason", "") or "the handshake failed"
    return f"no TLS ({why}); check whether the URL begins with http:// or https://"


_CAUSES: tuple[tuple[type[Exception], Callable[[Any], str]], ...] = (
    (aiohttp.ClientConnectorCertificateError, _certificate),
    (aiohttp.ClientConnectorSSLError, _handshake),
    (aiohttp.ClientConnectorDNSError, lambda e: f"the host name {e.host} is not known; check the URL"),
    (aiohttp.ClientProxyConnectionError, lambda e: f"{_plain(e.os_error)}, by the proxy of the operator's environment"),
    (aiohttp.ClientHttpProxyError, lambda e: f"the proxy of the operator's environment answered {e.status}"),
    (aiohttp.ClientConnectorError, lambda e: _plain(e.os_error)),
    (aiohttp.ConnectionTimeoutError, lambda _: "no connection in time; check the URL, and NetworkPolicies on the way"),
    (TimeoutError, lambda _: "it has the question, and gave no whole answer in time"),
    (aiohttp.ServerDisconnectedError, lambda _: "it closed the connection"),
    (aiohttp.ClientPayloadError, lambda _: "it broke off in the middle of its answer"),
)
"""From the special to the general."""


def cause(error: Exception) -> str:
    """Why there was no answer, in words that are the same from try to try."""
    return next((words(error) for kind, words in _CAUSES if isinstance(error, kind)), _plain(error))


def _plain(error: Exception) -> str:
    """An error of the operating system, without the addresses and ports that differ from try to try."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; nothing listens there"
    text = getattr(error, "strerror", None)
    found = re.search(r"\[Errno -?\d+\] ([A-Z][a-z ]+)", text or "")
    return found[1].strip() if found else (text or type(error).__name__).split(" [", maxsplit=1)[0]


def refusal(base: str, status: int, headers: Mapping[str, str], body: bytes) -> OperatorError:
    """An answer with another status than 200; error pages may be HTML, or plain text."""
    code, message = _code_and_message(body)
    said = f"{base} answered {status}"
    if status in (408, 429) or status >= 500:
        text = f"{said} {code}: {message}" if code else said
        return RegistryUnavailable("RegistryUnavailable", text, after=wait(headers.get("Retry-After", "")))
    reason = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", code)) or f"Http{status}"
    if code == "RESOURCE_DOES_NOT_EXIST":
        return RegistryNotFound(reason, message)
    if status in (401, 403):
        hint = "check the credentials, and that allowedHosts has the host of this URL"
        return RegistryRefused("AccessDenied", f"{said}; {hint}", maybe_passing=True)
    if status < 400:
        return RegistryRefused(reason, f"{said} with a redirect{_target(headers)}; {_LOGIN_PAGE}", maybe_passing=True)
    if not code:
        hint = "not with an error of MLflow's; check the URL, and what stands in front of it"
        return RegistryRefused(reason, f"{said}, {hint}", maybe_passing=True)
    return RegistryRefused(reason, f"{said}: {message}")


_LOGIN_PAGE = (
    "redirects are not followed: it may be a login page, or MLflow is under another URL; "
    "give credentials that need no page, or correct the URL"
)


def _code_and_message(body: bytes) -> tuple[str, str]:
    try:
        answer = json.loads(body)
        return str(answer["error_code"])[:_LONGEST], str(answer.get("message") or "")[:_LONGEST]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ""


def _target(headers: Mapping[str, str]) -> str:
    """Where a redirect leads; without the query, which may hold a token, and without a login."""
    try:
        found = urlsplit(headers.get("Location", ""))
        port = f":{found.port}" if found.port else ""
    except ValueError:
        return ""
    shown = f"{found.scheme}://{found.hostname}{port}{found.path}" if found.hostname else found.path
    return f" to {shown[:_LONGEST]}" if shown else ""


def wait(text: str) -> float:
    """Seconds of a Retry-After; one that names a date is passed over."""
    return min(float(text), _LONGEST_WAIT) if re.fullmatch("[0-9]{1,9}", text.strip()) else 0.0
