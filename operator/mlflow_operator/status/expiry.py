"""What is said of a certificate that ends soon, or has ended."""

import math
from datetime import datetime, timedelta

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.external.lifetime import Lifetime
from mlflow_operator.status.conditions import Answer

_AHEAD = timedelta(days=14)
_SHARE = 6
"""Of a short life, the part that is left then; cert-manager renews when a third is left, unless told otherwise."""


def expiry(server: MLflowServer, certificate: Lifetime | None, now: datetime) -> Answer | None:
    """What users of the server have to know of its certificate; None while there is nothing."""
    if certificate is None or now < _warned(certificate):
        return None
    ended, where = certificate.ends <= now, f"the certificate in Secret {names.certificate_secret(server)}"
    moment = f"{certificate.ends:%Y-%m-%d %H:%M} UTC"
    says = f"ended at {moment}, so clients refuse the server" if ended else f"ends at {moment}, and is not renewed yet"
    return Answer("False", "CertificateEnded" if ended else "CertificateEnds", f"{where} {says}: {_advice(server)}")


def until_news(certificate: Lifetime | None, now: datetime) -> float:
    """Seconds until something else is to be said of it."""
    moments = (_warned(certificate), certificate.ends) if certificate else ()
    return min(((each - now).total_seconds() for each in moments if each > now), default=math.inf)


def _warned(certificate: Lifetime) -> datetime:
    """From when on it is said that it ends: when by all rights it has been renewed."""
    return certificate.ends - min(_AHEAD, (certificate.ends - certificate.begins) / _SHARE)


def _advice(server: MLflowServer) -> str:
    if server.spec.tls and server.spec.tls.issuer_ref:
        made = names.own_certificate(server)
        return f"cert-manager should have done that, and kubectl describe certificate {made} says what is in its way"
    return (
        "write a new one there, which pods serve within two minutes; where cert-manager or another makes it, ask there"
    )
