"""Certificates that somebody else has written into a Secret or a ConfigMap, tried before they are relied on."""

from collections.abc import Mapping
from typing import Any

from mlflow_operator.clients.tls import trusting
from mlflow_operator.desired import Reference
from mlflow_operator.desired.external import authorities


def readable(where: Reference, found: Mapping[str, Any]) -> str:
    """What is there, in PEM.

    Raises:
        Waiting: A key is missing.
        Terminal: CaBundleInvalid; there is no certificate, or one that cannot be read.
    """
    pem = authorities.certificates(where, found)
    try:
        trusting(pem)
    except ValueError as error:
        raise authorities.unusable(where, str(error)) from error
    return pem
