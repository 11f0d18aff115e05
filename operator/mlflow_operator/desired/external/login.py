"""How the operator logs in to an external server, and where a Secret lets itself be sent to."""

import base64
import re
import shlex
from collections.abc import Mapping
from typing import Any

from mlflow_operator.api.schema import GROUP
from mlflow_operator.api.server.serving import ExternalCredentials
from mlflow_operator.desired.external.urls import Address
from mlflow_operator.errors import Terminal, Waiting

SEND_TO = f"{GROUP}/send-to"
"""Annotation of a Secret: comma-separated globs of the hosts, or ``host:port``, that it may be sent to."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_offer(secret: Mapping[str, Any], where: Address) -> None:
    """Nothing, if the Secret may be sent there.

    Who may write MLflowServers need not be allowed to read Secrets, and where a server is, is theirs to write.

    Raises:
        Terminal: It may not, or nobody has said so.
    """
    meta = secret["metadata"]
    said = (meta.get("annotations") or {}).get(SEND_TO, "")
    if where.fits([glob.strip() for glob in said.split(",") if glob.strip()]):
        return
    value = shlex.quote(f"{said},{where}" if said else str(where))
    command = f"kubectl -n {meta['namespace']} annotate --overwrite secret {meta['name']} {SEND_TO}={value}"
    message = f"Secret {meta['name']} is not offered to {where}; if it may be sent there: {command}"
    raise Terminal("SecretNotOffered", message)


def authorization(ref: ExternalCredentials, secret: Mapping[str, Any]) -> str:
    """The header that logs in.

    Raises:
        Waiting: The Secret lacks a key.
        Terminal: What it holds cannot be sent.
    """
    data: Mapping[str, str] = secret.get("data") or {}
    if ref.token_key in data:
        token = _text(ref, data, ref.token_key)
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise _unusable(ref, ref.token_key, "is no bearer token, which is one word of printable ASCII")
        return f"Bearer {token}"
    missing = [key for key in (ref.username_key, ref.password_key) if key not in data]
    if missing:
        expected = f"{ref.token_key}, or {ref.username_key} and {ref.password_key}"
        raise Waiting("SecretKeyNotFound", f"Secret {ref.name} has no key {', '.join(missing)}; expected {expected}")
    username, password = (_text(ref, data, key) for key in (ref.username_key, ref.password_key))
    if ":" in username:
        raise _unusable(ref, ref.username_key, "has a colon, which user names of basic auth cannot have")
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _text(ref: ExternalCredentials, data: Mapping[str, str], key: str) -> str:
    """What a key holds, without the line end that files and ``echo`` leave behind."""
    try:
        text = base64.b64decode(data[key]).decode().rstrip("\r\n")
    except ValueError as error:
        raise _unusable(ref, key, "is not UTF-8 text") from error
    if ref.token_key == key:
        text = text.strip()
    if _CONTROL.search(text):
        raise _unusable(ref, key, "has a line break or another control character in it")
    return text


def _unusable(ref: ExternalCredentials, key: str, why: str) -> Terminal:
    return Terminal("SecretNotUsable", f"key {key} of Secret {ref.name} {why}; write it anew")
