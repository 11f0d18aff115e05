"""Which connections the pods of a server may take and make, and that nothing that the spec names is cut off."""

from typing import Any

import pytest

from mlflow_operator.desired.external.urls import Address
from mlflow_operator.desired.server.destinations import EVERYWHERE, connections
from mlflow_operator.desired.server.network_policy import network_policies
from mlflow_operator.errors import Terminal
from unit.desired.servers import EXISTING, MANAGED, SQLITE, inputs, server

Object = dict[str, Any]


def policies(spec: Object) -> dict[str, Object]:
    """What each policy says, by the component that it is about."""
    wanted = server(spec)
    found = network_policies(wanted, inputs(wanted, namespace="operators"))
    return {p["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: p["spec"] for p in found}


def blocks(*ranges: str, port: int = 5432) -> Object:
    """A rule about addresses."""
    return {"to": [{"ipBlock": {"cidr": r}} for r in ranges], "ports": [{"protocol": "TCP", "port": port}]}


def namespace(name: str) -> Object:
    """A rule about the pods of a namespace, at any of their ports."""
    return {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]}


@pytest.mark.parametrize(
    ("host", "ranges", "expected"),
    [
        ("db", [], [{"to": [{"podSelector": {}}]}]),
        ("db.data", [], [namespace("data"), blocks(*EVERYWHERE)]),
        ("db.data.svc", [], [namespace("data")]),
        ("db.data.svc.cluster.local", [], [namespace("data")]),
        ("db.example.com", [], [blocks(*EVERYWHERE)]),
        ("db.data.svc.example.com", [], [blocks(*EVERYWHERE)]),
        ("10.0.0.7", [], [blocks("10.0.0.7/32")]),
        ("fd00::7", [], [blocks("fd00::7/128")]),
        ("db.example.com", ["10.20.0.0/16", "fd00::/64"], [blocks("10.20.0.0/16", "fd00::/64")]),
        ("db.data.svc", ["10.20.0.0/16"], [blocks("10.20.0.0/16")]),
    ],
)
def test_where_a_host_is_is_let_through_as_far_as_its_name_tells(
    host: str, ranges: list[str], expected: list[Object]
) -> None:
    """A Service's pods, an address, or the ranges that somebody has written; else its port, wherever it is."""
    assert connections(Address(host, 5432), ranges, "cluster.local") == expected


@pytest.mark.parametrize("spec", [{}, {"networkPolicy": {"enabled": False, "from": [{"podSelector": {}}]}}])
def test_without_the_switch_there_are_none(spec: Object) -> None:
    """What is written beside it waits."""
    assert policies(MANAGED | spec) == {}


def test_the_operator_always_gets_in_and_the_namespace_where_nobody_is_named() -> None:
    """Promotions go on, whoever else is let in."""
    operator = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "operators"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "mlflow-operator"}},
    }
    (anybody,) = policies(EXISTING | {"networkPolicy": {}})["server"]["ingress"]
    assert anybody == {"from": [operator, {"podSelector": {}}], "ports": [{"protocol": "TCP", "port": "http"}]}
    friend = {"namespaceSelector": {"matchLabels": {"team": "web"}}}
    (named,) = policies(EXISTING | {"networkPolicy": {"from": [friend]}})["server"]["ingress"]
    assert named["from"] == [operator, friend]


def test_only_their_server_reaches_managed_stores() -> None:
    """And its preparation; the stores themselves connect to nobody."""
    found = policies(MANAGED | {"networkPolicy": {}})
    for store in ("postgres", "object-store"):
        (rule,) = found[store]["ingress"]
        (peer,) = rule["from"]
        (either,) = peer["podSelector"]["matchExpressions"]
        assert either["values"] == ["server", "prepare", "backup", "collect"]
        assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "mlflow"
        assert found[store]["egress"] == []


def test_clients_that_go_to_a_managed_store_themselves_get_there() -> None:
    """Where the server does not serve artifacts, whoever reaches it has to reach them."""
    friend = {"podSelector": {"matchLabels": {"app": "trainer"}}}
    found = policies(MANAGED | {"serveArtifacts": False, "networkPolicy": {"from": [friend]}})
    assert friend in found["object-store"]["ingress"][0]["from"]
    assert friend not in found["postgres"]["ingress"][0]["from"]


def test_the_preparation_reaches_what_the_server_reaches_and_nobody_reaches_it() -> None:
    """It tries the same stores."""
    more = {"to": [{"ipBlock": {"cidr": "10.30.0.0/16"}}]}
    found = policies(EXISTING | {"networkPolicy": {"egress": {"additionalRules": [more]}}})
    assert found["prepare"]["egress"] == found["server"]["egress"]
    assert found["prepare"]["ingress"] == []
    assert found["server"]["egress"][-1] == more


def test_names_are_looked_up_and_nothing_else_is_reached_without_a_store_outside() -> None:
    """A server on volumes needs DNS alone."""
    (dns,) = policies(SQLITE | {"networkPolicy": {}})["server"]["egress"]
    assert {(p["protocol"], p["port"]) for p in dns["ports"]} == {
        (protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)
    }


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        ({"credentialsSecretRef": {"name": "keys"}}, [blocks(*EVERYWHERE, port=443)]),
        ({}, [blocks(*EVERYWHERE, port=443), blocks("169.254.169.254/32", "169.254.170.23/32", port=80)]),
        (
            {"endpoint": "http://minio.storage.svc:9000", "credentialsSecretRef": {"name": "keys"}},
            [namespace("storage")],
        ),
        (
            {"endpoint": "https://10.0.0.9:9000", "credentialsSecretRef": {"name": "keys"}},
            [blocks("10.0.0.9/32", port=9000)],
        ),
    ],
)
def test_the_bucket_is_reached_and_whoever_says_who_the_pods_are(bucket: Object, expected: list[Object]) -> None:
    """Amazon's at 443; without keys of the spec's own, the addresses at which pods there ask for theirs."""
    spec = {**SQLITE, "artifactStore": {"s3": {"bucket": "models", **bucket}}, "networkPolicy": {}}
    assert policies(spec)["server"]["egress"][1:] == expected


def test_an_endpoint_that_cannot_be_read_is_said() -> None:
    """Before anything is cut off."""
    spec = {**SQLITE, "artifactStore": {"s3": {"bucket": "models", "endpoint": "http://a@b"}}, "networkPolicy": {}}
    with pytest.raises(Terminal, match=r"spec\.artifactStore\.s3\.endpoint: write an http"):
        policies(spec)
