"""The NetworkPolicies of a server: one for each kind of pod, and each lets through only what its pods are there for.

Probes of the kubelet come from the node, which no policy keeps out.
"""

from collections.abc import Sequence

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import Bucket
from mlflow_operator.api.server.networks import NetworkPolicy
from mlflow_operator.desired import cloud_native_pg, names, stores
from mlflow_operator.desired.external.urls import Address, parts
from mlflow_operator.desired.inputs import Inputs, Object
from mlflow_operator.desired.server import oauth2_proxy
from mlflow_operator.desired.server.destinations import EVERYWHERE, connections, in_namespace, outside, ports
from mlflow_operator.errors import Terminal

_CLIENTS = (names.SERVER, names.PREPARE, names.BACKUP, names.COLLECT)
"""Whose pods connect to the stores."""
_DNS: Object = {"ports": ports(53, 5353, protocols=("UDP", "TCP"))}
"""Wherever the cluster has it; OpenShift's pods listen at 5353."""
_METADATA, _METADATA_OF_GKE = "169.254.169.254/32", "169.254.169.252/32"
_IDENTITIES = (_METADATA, "169.254.170.23/32")
"""Where pods of AWS ask for the credentials of their node, and of their own: IMDS and the EKS Pod Identity Agent."""
_AMAZON = Address("s3.amazonaws.com", 443)


def network_policies(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """One for the server's pods, the preparation's, and those of each managed store; none where nobody asks.

    Raises:
        Terminal: InvalidUrl; where the store's endpoint is cannot be read.
    """
    wanted = server.spec.network_policy
    if wanted is None or not wanted.enabled:
        return []
    known = _known(server, wanted, inputs)
    egress = _egress(server, wanted, inputs)
    name, to_issuer = names.instance(server), _to_issuer(server, wanted, inputs)
    restored = server.spec.bootstrap.restore.source.s3 if server.spec.bootstrap else None
    to_backups = _to_bucket(restored, "bootstrap.restore.from", wanted.egress.backup_cidrs, inputs)
    found = [
        _policy(server, name, names.SERVER, _to_server(server, wanted, known), [*egress, *to_issuer]),
        _policy(server, names.bounded(server.metadata.name, "-prepare"), names.PREPARE, [], [*egress, *to_backups]),
    ]
    if server.spec.backup:
        bucket = server.spec.backup.destination.s3
        there = _to_bucket(bucket, "backup.destination", wanted.egress.backup_cidrs, inputs)
        found.append(_policy(server, names.backup(server), names.BACKUP, [], [*egress, *there]))
    if server.spec.garbage_collection:
        found.append(_policy(server, names.collection(server), names.COLLECT, [], egress))
    if server.spec.backend_store and server.spec.backend_store.managed:
        clients = [{"from": [_clients(server)], "ports": ports(names.POSTGRES)}]
        found.append(_policy(server, names.postgres(server), names.POSTGRES, clients, []))
    if server.spec.artifact_store and server.spec.artifact_store.managed:
        direct = [] if server.spec.serve_artifacts else known
        clients = [{"from": [_clients(server), *direct], "ports": ports(names.OBJECT_STORE)}]
        found.append(_policy(server, names.object_store(server), names.OBJECT_STORE, clients, []))
    return found


def _policy(server: MLflowServer, name: str, component: str, ingress: list[Object], egress: list[Object]) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": names.metadata(server, name, component),
        "spec": {
            "podSelector": {"matchLabels": names.selector(server, component)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _known(server: MLflowServer, wanted: NetworkPolicy, inputs: Inputs) -> list[Object]:
    """Who reaches the server: the operator, and whom the spec names."""
    operator = (
        [in_namespace(inputs.namespace, {"app.kubernetes.io/part-of": names.MANAGER})] if inputs.namespace else []
    )
    return [*operator, *(wanted.from_ or [{"podSelector": {}}])]


def _to_server(server: MLflowServer, wanted: NetworkPolicy, known: list[Object]) -> list[Object]:
    """Who connects to the server's pods, and who reads their metrics."""
    found: list[Object] = [{"from": known, "ports": ports("http")}]
    if server.spec.monitoring:
        found.append({"from": wanted.metrics_from or wanted.from_ or [{"podSelector": {}}], "ports": ports("metrics")})
    return found


def _clients(server: MLflowServer) -> Object:
    labels = names.selector(server, names.SERVER)
    del labels[names.COMPONENT_LABEL]
    either = {"key": names.COMPONENT_LABEL, "operator": "In", "values": list(_CLIENTS)}
    return {"podSelector": {"matchLabels": labels, "matchExpressions": [either]}}


def _egress(server: MLflowServer, wanted: NetworkPolicy, inputs: Inputs) -> list[Object]:
    """Where the server and its preparation connect to."""
    found = [_DNS, *_to_database(server, wanted, inputs), *_to_artifacts(server, wanted, inputs)]
    return [*found, *wanted.egress.additional_rules]


def _to_database(server: MLflowServer, wanted: NetworkPolicy, inputs: Inputs) -> list[Object]:
    store = server.spec.backend_store
    if store and store.managed:
        return [_to_own(server, names.POSTGRES)]
    if running := cloud_native_pg.wanted(server):
        pods = {"podSelector": {"matchLabels": {cloud_native_pg.CLUSTER_LABEL: running.cluster_ref.name}}}
        return [{"to": [pods], "ports": ports(cloud_native_pg.PORT)}]
    if store and store.postgres:
        where = Address(store.postgres.host, store.postgres.port)
        return connections(where, wanted.egress.database_cidrs, inputs.cluster_domain)
    return []


def _to_artifacts(server: MLflowServer, wanted: NetworkPolicy, inputs: Inputs) -> list[Object]:
    store = server.spec.artifact_store
    if store and store.managed:
        return [_to_own(server, names.OBJECT_STORE)]
    if store and store.uri:
        return _to_uri(store.uri.uri, wanted.egress.artifact_store_cidrs)
    return _to_bucket(stores.s3(server), "artifactStore", wanted.egress.artifact_store_cidrs, inputs)


def _to_uri(uri: str, ranges: Sequence[str]) -> list[Object]:
    """To a store of Google or Microsoft, and to who gives pods their identity there; who uses HDFS says where it is."""
    if uri.startswith("hdfs:"):
        return []
    identities = [outside((_METADATA,), 80), outside((_METADATA_OF_GKE,), 988)]
    return [outside(ranges or EVERYWHERE, 443), *identities]


def _to_bucket(bucket: Bucket | None, field: str, ranges: Sequence[str], inputs: Inputs) -> list[Object]:
    if bucket is None:
        return []
    where = _address(f"spec.{field}.s3.endpoint", bucket.endpoint) if bucket.endpoint else _AMAZON
    found = connections(where, ranges, inputs.cluster_domain)
    if bucket.credentials_secret_ref is None:
        found.append(outside(_IDENTITIES, 80))
    return found


def _to_issuer(server: MLflowServer, wanted: NetworkPolicy, inputs: Inputs) -> list[Object]:
    """To where people log in; the keys of an issuer, and its answers, may be at other hosts, which only it tells."""
    said = oauth2_proxy.wanted(server)
    if said is None:
        return []
    field, url = ("httpsProxy", said.https_proxy) if said.https_proxy else ("issuerURL", said.issuer_url)
    where = _address(f"spec.auth.oauth2Proxy.{field}", url)
    return connections(where, wanted.egress.issuer_cidrs, inputs.cluster_domain)


def _address(field: str, url: str) -> Address:
    try:
        return parts(url)[1]
    except ValueError as error:
        raise Terminal("InvalidUrl", f"{field}: {error}") from error


def _to_own(server: MLflowServer, component: str) -> Object:
    return {"to": [{"podSelector": {"matchLabels": names.selector(server, component)}}], "ports": ports(component)}
