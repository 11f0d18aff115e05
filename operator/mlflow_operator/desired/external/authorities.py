"""The certificate authorities that are trusted for a server or a store: where they are, and what they are."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from mlflow_operator.api.server.serving import CaBundle
from mlflow_operator.desired.inputs import Reference
from mlflow_operator.errors import Terminal, Waiting

_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----",
)


def reference(bundle: CaBundle) -> Reference:
    """Where they are: one key of a ConfigMap, or of a Secret."""
    for kind, ref in (("ConfigMap", bundle.config_map_key_ref), ("Secret", bundle.secret_key_ref)):
        if ref is not None:
            return Reference(kind, ref.name, frozenset({ref.key}))
    raise ValueError("the schema lets no bundle in without one of both")


def of_certificate(secret: str) -> Reference:
    """The public part of a Secret of type kubernetes.io/tls, which a client of that certificate may trust."""
    return Reference("Secret", secret, frozenset({"tls.crt"}), others=frozenset({"ca.crt"}))


def trusted(bundle: CaBundle | None, certificate: str | None) -> list[Reference]:
    """Where everything is that is trusted beside the public authorities."""
    return ([reference(bundle)] if bundle else []) + ([of_certificate(certificate)] if certificate else [])


def certificates(where: Reference, found: Mapping[str, Any]) -> str:
    """The certificates in what was found there, in PEM; comments between them are left out, and keys of any kind.

    Raises:
        Waiting: A key is missing.
        Terminal: There is no certificate in one that has to be there.
    """
    data: Mapping[str, str] = found.get("data") or {}
    if missing := sorted(where.keys - data.keys()):
        message = f"{where.kind} {where.name} has no key {', '.join(missing)}; add it"
        raise Waiting(f"{where.kind}KeyNotFound", message)
    pem = {key: _CERTIFICATE.findall(_text(where.kind, data[key])) for key in _read_of(where) if key in data}
    if any(not pem[key] for key in where.keys):
        raise unusable(where, "holds no certificate in PEM")
    return "\n".join(block for key in sorted(pem) for block in pem[key])


def unusable(where: Reference, why: str) -> Terminal:
    """What is there is no bundle of authorities."""
    expected = "expected are blocks that begin with -----BEGIN CERTIFICATE-----"
    named = f"key {' or '.join(_read_of(where))} of {where.kind} {where.name}"
    return Terminal("CaBundleInvalid", f"{named} {why}; {expected}: correct it")


def _read_of(where: Reference) -> list[str]:
    return [*sorted(where.keys), *sorted(where.others)]


def _text(kind: str, value: str) -> str:
    if kind == "ConfigMap":
        return value
    return base64.b64decode(value).decode(errors="replace")
