"""Which connections of an MLflowServer's pods the network lets through."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from mlflow_operator.api import pod_fields
from mlflow_operator.api.schema import ApiModel, Rule

_BLOCK = Rule("isCIDR(self)", "write a range of addresses, such as 10.20.0.0/16 or 10.20.0.7/32")
_CIDR: dict[str, Any] = {"type": "string", "maxLength": 49, "x-kubernetes-validations": [_BLOCK.schema()]}
_LENGTH = 32
CidrList = Annotated[list[Annotated[str, WithJsonSchema(_CIDR)]], Field(max_length=16)]
Peers = Annotated[list[Annotated[dict[str, Any], WithJsonSchema(pod_fields.NETWORK_PEER)]], Field(max_length=_LENGTH)]
EgressRules = Annotated[
    list[Annotated[dict[str, Any], WithJsonSchema(pod_fields.EGRESS_RULE)]], Field(max_length=_LENGTH)
]


class Egress(ApiModel):
    """Where the pods may connect to beside what the spec names."""

    database_cidrs: Annotated[CidrList, Field(alias="databaseCIDRs")] = Field(default_factory=list)
    """Addresses of the database. Unset: those that its host tells, or all at its port."""
    artifact_store_cidrs: Annotated[CidrList, Field(alias="artifactStoreCIDRs")] = Field(default_factory=list)
    """Addresses of the artifact store. Unset: those that its endpoint tells, or all at its port."""
    issuer_cidrs: Annotated[CidrList, Field(alias="issuerCIDRs")] = Field(default_factory=list)
    """Addresses of auth.oauth2Proxy's issuer, or of its proxy. Unset: those that the URL tells, or all at its port."""
    backup_cidrs: Annotated[CidrList, Field(alias="backupCIDRs")] = Field(default_factory=list)
    """Addresses of the bucket for backups. Unset: those that its endpoint tells, or all at its port."""
    additional_rules: EgressRules = Field(default_factory=list)
    """More rules, as in a NetworkPolicy."""


class NetworkPolicy(ApiModel):
    """Lets through only what the server needs."""

    enabled: bool = True
    """Whether there are NetworkPolicies; false keeps the rest of the field for another day."""
    from_: Annotated[Peers, Field(alias="from")] = Field(default_factory=list)
    """Who reaches the server beside the operator, as in a NetworkPolicy. Unset: the pods of its namespace."""
    metrics_from: Peers = Field(default_factory=list)
    """Who reads the metrics, as in a NetworkPolicy. Unset: whoever reaches the server."""
    egress: Egress = Field(default_factory=Egress)
    """Where the pods may connect to beside what the spec names."""


_ON = "has(self.networkPolicy) && !(has(self.networkPolicy.enabled) && !self.networkPolicy.enabled)"
URI_NEEDS_RULES = Rule(
    f"!({_ON} && has(self.backendStore) && has(self.backendStore.uriSecretRef))"
    " || (has(self.networkPolicy.egress) && has(self.networkPolicy.egress.additionalRules)"
    " && self.networkPolicy.egress.additionalRules.size() > 0)",
    "where the database of a Secret's URI is, only the Secret knows; write a rule for it into"
    " egress.additionalRules, such as {to: [{ipBlock: {cidr: 10.20.0.7/32}}], ports: [{port: 5432}]}",
    ".networkPolicy",
)
"""On a server; the operator must not cut it off from a database that it cannot see."""
HDFS_NEEDS_RULES = Rule(
    f"!({_ON} && has(self.artifactStore) && has(self.artifactStore.uri)"
    " && self.artifactStore.uri.uri.startsWith('hdfs:'))"
    " || (has(self.networkPolicy.egress) && has(self.networkPolicy.egress.additionalRules)"
    " && self.networkPolicy.egress.additionalRules.size() > 0)",
    "where the nodes of HDFS are, only HDFS knows; write a rule for them into egress.additionalRules, such as"
    " {to: [{ipBlock: {cidr: 10.20.0.0/24}}]}",
    ".networkPolicy",
)
"""On a server; the same for the nodes that a file system is made of."""
