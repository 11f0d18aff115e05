"""How an MLflowServer encrypts what goes over its Service."""

from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.schema import ApiModel, Name, Rule, exactly_one
from mlflow_operator.api.server.serving import CaBundle


class IssuerRef(ApiModel):
    """Who signs certificates, by cert-manager."""

    name: Name
    """Name of the issuer."""
    kind: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$")] = "Issuer"
    """Issuer, of the server's namespace, ClusterIssuer, or a kind of somebody else's."""
    group: Annotated[str, Field(min_length=1, max_length=253)] = "cert-manager.io"
    """API group of that kind."""


class Tls(ApiModel):
    """HTTPS in the server's pods, by a certificate that exists or by one that is made."""

    secret_name: Name | None = None
    """Secret of type kubernetes.io/tls: the certificate, its key, and the authority in ca.crt where it is yours."""
    issuer_ref: IssuerRef | None = None
    """Issuer of cert-manager that makes the certificate and renews it."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that the operator and the pods of gates trust for this server, beside the Secret's."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("secretName", "issuerRef"),)
