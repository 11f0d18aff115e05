"""Where a host is, in the terms of a NetworkPolicy, which knows pods and addresses and no names.

A rule holds after a Service's address has become that of a pod, so it names pods, and the ports of pods: those of a
Service of somebody else are not known, nor are its labels; its namespace is.
"""

import ipaddress
from collections.abc import Sequence

from mlflow_operator.desired.external.urls import Address
from mlflow_operator.desired.inputs import Object

EVERYWHERE = ("0.0.0.0/0", "::/0")
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Which every namespace has, with its name."""
_SERVICE = "svc"


def connections(where: Address, ranges: Sequence[str], cluster_domain: str) -> list[Object]:
    """Egress rules that let through connections to a host, or to the ranges of addresses that are said to be its own.

    Of a name with one dot nobody can say whether it is a Service or outside of the cluster: both are let through.
    """
    if ranges:
        return [outside(ranges, where.port)]
    if alone := _alone(where.host):
        return [outside([alone], where.port)]
    rest = where.host.removesuffix(f".{cluster_domain}").split(".")[1:]
    if not rest:
        return [{"to": [{"podSelector": {}}]}]
    inside = {"to": [in_namespace(rest[0])]}
    if rest[1:] == [_SERVICE]:
        return [inside]
    anywhere = outside(EVERYWHERE, where.port)
    return [inside, anywhere] if len(rest) == 1 else [anywhere]


def in_namespace(name: str, labels: dict[str, str] | None = None) -> Object:
    """The pods of a namespace, those with certain labels where there are some."""
    peer: Object = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: name}}}
    return peer | ({"podSelector": {"matchLabels": labels}} if labels else {})


def ports(*numbers: int | str, protocols: Sequence[str] = ("TCP",)) -> list[Object]:
    """Ports of pods, by number or name."""
    return [{"protocol": protocol, "port": number} for number in numbers for protocol in protocols]


def outside(ranges: Sequence[str], port: int) -> Object:
    """Addresses that are no pods, at one port."""
    return {"to": [{"ipBlock": {"cidr": block}} for block in ranges], "ports": ports(port)}


def _alone(host: str) -> str | None:
    """The range of one address, where the host is one."""
    try:
        return str(ipaddress.ip_network(host))
    except ValueError:
        return None
