"""The route by the Gateway API: where it leads, and that MLflow takes what comes by it."""

from typing import Any

import pytest

from mlflow_operator.desired.server.exposure import external_url, hosts, origins
from mlflow_operator.desired.server.http_route import http_route
from unit.desired.servers import EXISTING, server

GATEWAY: dict[str, Any] = {"parentRefs": [{"name": "public"}], "hostnames": ["a.example.com", "b.example.com"]}


def made(**more: Any) -> dict[str, Any]:
    """The HTTPRoute of a server with a gateway."""
    found = http_route(server(EXISTING | {"gateway": GATEWAY} | more))
    assert found is not None
    return found


def test_it_leads_to_the_service_below_the_path_of_the_server() -> None:
    """At the port that the Service has, by whichever Gateways."""
    parents = [{"name": "public", "namespace": "infra", "sectionName": "https", "port": 443}]
    found = made(network={"staticPrefix": "/ml"}, service={"port": 80}, gateway={**GATEWAY, "parentRefs": parents})[
        "spec"
    ]
    (rule,) = found["rules"]
    assert found["parentRefs"] == parents
    assert found["hostnames"] == GATEWAY["hostnames"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/ml"}}]
    assert rule["backendRefs"] == [{"name": "mlflow", "port": 80}]


def test_large_artifacts_have_all_the_time_they_need() -> None:
    """Some gateways break off after seconds where nothing is said."""
    assert made()["spec"]["rules"][0]["timeouts"] == {"request": "0s"}


def test_annotations_are_passed_on() -> None:
    """As they are; without any there are none of the operator's own."""
    assert made(gateway={**GATEWAY, "annotations": {"a": "b"}})["metadata"]["annotations"] == {"a": "b"}
    assert "annotations" not in made()["metadata"]


@pytest.mark.parametrize(
    ("spec", "url", "known"),
    [
        ({"gateway": GATEWAY}, "https://a.example.com", ["https://a.example.com", "https://b.example.com"]),
        (
            {"gateway": {**GATEWAY, "scheme": "http"}, "network": {"staticPrefix": "/ml"}},
            "http://a.example.com/ml",
            ["http://a.example.com", "http://b.example.com"],
        ),
        (
            {"gateway": GATEWAY, "ingress": {"host": "c.example.com"}},
            "http://c.example.com",
            ["http://c.example.com", "https://a.example.com", "https://b.example.com"],
        ),
    ],
)
def test_all_routes_are_let_in_and_the_first_is_told(spec: dict[str, Any], url: str, known: list[str]) -> None:
    """An Ingress comes first; the scheme is the listeners'."""
    wanted = server(EXISTING | spec)
    assert external_url(wanted) == url
    assert origins(wanted) == known
    assert hosts(wanted) == [origin.partition("://")[2] for origin in known]
