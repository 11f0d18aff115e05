"""The certificate authorities that the operator trusts for an external server: where they are, and what they are."""

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


def certificates(where: Reference, found: Mapping[str, Any]) -> str:
    """The certificates in what was found there, in PEM; comments between them are left out, and keys of any kind.

    Raises:
        Waiting: The key is missing.
        Terminal: There is no certificate in it.
    """
    (key,) = where.keys
    data: Mapping[str, str] = found.get("data") or {}
    if key not in data:
        raise Waiting(f"{where.kind}KeyNotFound", f"{where.kind} {where.name} has no key {key}; add it")
    pem = "\n".join(_CERTIFICATE.findall(_text(where.kind, data[key])))
    if not pem:
        raise unusable(where, "holds no certificate in PEM")
    return pem


def unusable(where: Reference, why: str) -> Terminal:
    """What is there is no bundle of authorities."""
    (key,) = where.keys
    expected = "expected are blocks that begin with -----BEGIN CERTIFICATE-----"
    return Terminal("CaBundleInvalid", f"key {key} of {where.kind} {where.name} {why}; {expected}: correct it")


def _text(kind: str, value: str) -> str:
    if kind == "ConfigMap":
        return value
    return base64.b64decode(value).decode(errors="replace")
