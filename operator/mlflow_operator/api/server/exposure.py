"""How an MLflowServer is reached from outside the cluster."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.schema import Annotations, ApiModel, Name, Rule, rules

_HOST = Rule(
    "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
    "write a host name, such as mlflow.example.com, without a scheme, port, path or wildcard",
)

Host = Annotated[str, Field(min_length=1, max_length=253), rules(_HOST)]


class IngressTls(ApiModel):
    """HTTPS of an Ingress, by the certificate of a Secret."""

    secret_name: Name | None = None
    """Secret of type kubernetes.io/tls. Unset: one named after the server, which clusterIssuer fills."""
    cluster_issuer: Name | None = None
    """ClusterIssuer of cert-manager that makes the certificate and renews it."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.secretName) || has(self.clusterIssuer)",
            "name the secretName that holds the certificate, or a clusterIssuer of cert-manager that makes one",
        ),
    )


class Ingress(ApiModel):
    """A route from outside the cluster to the server's Service."""

    host: Host
    """Host name under which people reach the server; the server takes it for its own."""
    class_name: Name | None = None
    """IngressClass. Unset: the cluster's default."""
    tls: IngressTls | None = None
    """HTTPS. Unset: plain HTTP."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Ingress; they win over the operator's own."""


class ParentRef(ApiModel):
    """A Gateway, or a listener of it, that the route is attached to."""

    name: Name
    """Name of the Gateway."""
    namespace: Name | None = None
    """Its namespace. Unset: the server's."""
    section_name: Name | None = None
    """Name of one listener. Unset: all that take the route."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port of the listeners. Unset: any."""


class Gateway(ApiModel):
    """A route from outside the cluster, as an HTTPRoute of the Gateway API."""

    parent_refs: Annotated[list[ParentRef], Field(min_length=1, max_length=8)]
    """The Gateways that the route is attached to."""
    hostnames: Annotated[list[Host], Field(min_length=1, max_length=8)]
    """Host names under which people reach the server; the server takes them for its own."""
    scheme: Literal["https", "http"] = "https"
    """What the listeners speak, which only the Gateway says."""
    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the HTTPRoute."""
