"""Where a server answers is said once, and everything that has to fit it is made of that."""

from typing import Any

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import Endpoint, endpoint
from mlflow_operator.errors import Terminal
from unit.desired import servers
from unit.desired.servers import EXISTING, only, prepared, server

PREFIXED = {"service": {"port": 80}, "network": {"staticPrefix": "/x"}}


def of(wanted: MLflowServer) -> Endpoint:
    """The endpoint in a cluster with the usual domain."""
    return endpoint(wanted, "cluster.local")


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        (EXISTING, "http://mlflow.team.svc.cluster.local:5000"),
        (EXISTING | PREFIXED, "http://mlflow.team.svc.cluster.local/x"),
        ({"external": {"url": "https://E.com:443/m/"}}, "https://e.com/m"),
        ({"external": {"url": "http://[FE::1]:5000"}}, "http://[fe::1]:5000"),
    ],
)
def test_the_url_is_the_services_or_the_external_one(spec: dict[str, Any], url: str) -> None:
    """In the one spelling that tells servers apart: without a default port, without a slash at the end."""
    assert of(server(spec)).url == url


def test_probes_prefix_and_hosts_are_those_of_the_url() -> None:
    """Whoever uses the URL is let in, and the kubelet asks below the same prefix."""
    wanted = server(EXISTING | PREFIXED)
    deployment, where = only(prepared(wanted), "Deployment"), of(wanted)
    variables = servers.variables(deployment)
    assert variables["MLFLOW_STATIC_PREFIX"] == where.prefix
    assert where.address.host in variables["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert servers.container(deployment)[probe]["httpGet"]["path"] == where.path("/health") == "/x/health"
    assert only(prepared(wanted), "Service")["spec"]["ports"][0]["port"] == where.address.port


def test_an_external_server_brings_its_login_authorities_and_workspace() -> None:
    """What the operator needs to be let in comes with where it is."""
    bundle = {"configMapKeyRef": {"name": "ca", "key": "ca.crt"}}
    spec = {
        "url": "https://mlflow.e.com",
        "credentialsSecretRef": {"name": "login"},
        "caBundle": bundle,
        "workspace": "risk",
    }
    where = of(server({"external": spec}))
    assert where.credentials is not None
    assert where.authorities is not None
    assert (where.credentials.name, where.registry) == ("login", ("https://mlflow.e.com", "risk"))


def test_a_url_that_is_none_says_what_to_write() -> None:
    """An object of before the rules keeps what it has."""
    with pytest.raises(Terminal, match=r"spec\.external\.url: write a") as caught:
        of(server({"external": {"url": "https://e.com/?token=s3cret"}}))
    assert (caught.value.reason, "s3cret" in caught.value.message) == ("InvalidUrl", False)


@pytest.mark.parametrize(
    ("pinned", "asked", "meant"), [("", "risk", "risk"), ("risk", "", "risk"), ("risk", "risk", "risk")]
)
def test_a_claim_names_a_workspace_where_its_server_leaves_it_open(pinned: str, asked: str, meant: str) -> None:
    """Many teams share one MLflowServer, each with a registry of its own."""
    external = {"url": "https://mlflow.e.com"} | ({"workspace": pinned} if pinned else {})
    assert of(server({"external": external})).within(asked).registry == ("https://mlflow.e.com", meant)


def test_a_claim_does_not_leave_the_workspace_of_its_server() -> None:
    """Who made the MLflowServer has said which registry it is."""
    where = of(server({"external": {"url": "https://mlflow.e.com", "workspace": "risk"}}))
    with pytest.raises(Terminal, match="of workspace risk") as caught:
        where.within("payments")
    assert caught.value.reason == "WorkspaceNotAllowed"


@pytest.mark.parametrize(
    ("spelling", "host"),
    [
        ("http://mlflow.ml", "mlflow.ml.svc.cluster.local"),
        ("http://mlflow.ml.svc", "mlflow.ml.svc.cluster.local"),
        ("http://mlflow.ml.svc.cluster.local", "mlflow.ml.svc.cluster.local"),
        ("http://mlflow.e.com", "mlflow.e.com"),
        ("http://mlflow", "mlflow"),
        ("http://10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_service_is_one_registry_by_all_its_names(spelling: str, host: str) -> None:
    """It is asked as it was written, and known by the name that a pod's resolver finds first."""
    where = of(server({"external": {"url": spelling}}))
    assert (where.url, where.registry[0]) == (spelling, f"http://{host}")
