"""The route from outside: where it leads, and that MLflow takes what comes by it."""

from typing import Any

import pytest

from mlflow_operator.desired.server.deployment import deployment
from mlflow_operator.desired.server.exposure import external_url
from mlflow_operator.desired.server.ingress import ingress
from unit.desired.servers import EXISTING, inputs, server

HOST = {"host": "mlflow.example.com"}


def variables(spec: dict[str, Any]) -> dict[str, str]:
    """The environment of the server's container."""
    wanted = server(EXISTING | spec)
    pods = deployment(wanted, inputs(wanted), "fingerprint")["spec"]["template"]["spec"]
    (container,) = pods["containers"]
    return {v["name"]: v.get("value", "") for v in container["env"]}


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        ({}, None),
        ({"ingress": HOST}, "http://mlflow.example.com"),
        ({"ingress": {**HOST, "tls": {"secretName": "c"}}}, "https://mlflow.example.com"),
        ({"ingress": HOST, "network": {"staticPrefix": "/ml"}}, "http://mlflow.example.com/ml"),
    ],
)
def test_people_are_told_one_url(spec: dict[str, Any], url: str | None) -> None:
    """With the scheme of the route and the path of the server."""
    assert external_url(server(EXISTING | spec)) == url


def test_what_comes_by_the_route_is_let_in() -> None:
    """Its host with any port, and what browsers name as the origin when the UI changes something."""
    found = variables({"ingress": HOST, "network": {"corsAllowedOrigins": ["https://other.example.com"]}})
    hosts = found["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert {"mlflow.example.com", "mlflow.example.com:*", "localhost"} <= set(hosts)
    assert found["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "http://mlflow.example.com,https://other.example.com"


def test_a_certificate_is_made_where_somebody_is_named_who_makes_it() -> None:
    """cert-manager reads its annotation, and fills the Secret that the route names."""
    made = ingress(server(EXISTING | {"ingress": {**HOST, "tls": {"clusterIssuer": "letsencrypt"}}}))
    assert made is not None
    assert made["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert made["spec"]["tls"] == [{"hosts": ["mlflow.example.com"], "secretName": "mlflow-tls"}]


def test_annotations_of_the_spec_win() -> None:
    """Key by key; the others stay."""
    mine = {"nginx.ingress.kubernetes.io/proxy-body-size": "1g"}
    made = ingress(server(EXISTING | {"ingress": {**HOST, "annotations": mine}}))
    assert made is not None
    found = made["metadata"]["annotations"]
    assert found["nginx.ingress.kubernetes.io/proxy-body-size"] == "1g"
    assert found["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"
