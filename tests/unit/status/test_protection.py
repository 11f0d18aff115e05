"""What users read of what protects a server, and of what does not."""

from typing import Any

import pytest

from mlflow_operator.status.protection import protection
from unit.desired.servers import EXISTING, server

Spec = dict[str, Any]

BASIC: Spec = {"auth": {"basic": {}}}
SSO: Spec = {
    "auth": {
        "oauth2Proxy": {
            "issuerURL": "https://login.example.com/realms/ml",
            "clientID": "mlflow",
            "clientSecretRef": {"name": "client", "key": "secret"},
            "emailDomains": ["*"],
        }
    }
}
TLS: Spec = {"tls": {"secretName": "certificate"}}
WALLS: Spec = {"networkPolicy": {}}
ROUTE: Spec = {"ingress": {"host": "mlflow.example.com"}}
PLAIN_GATEWAY: Spec = {"gateway": {"parentRefs": [{"name": "a"}], "hostnames": ["ml.example.com"], "scheme": "http"}}
SAFE_ROUTE: Spec = {"ingress": {"host": "mlflow.example.com", "tls": {"secretName": "c"}}}


@pytest.mark.parametrize(
    ("spec", "strangers_pass", "expected"),
    [
        ({}, None, ("False", "NoLogin")),
        (TLS | WALLS, None, ("False", "NoLogin")),
        (BASIC, None, None),
        (SSO, None, None),
        (BASIC | TLS, True, ("False", "StrangersPass")),
        (SSO | TLS, True, ("False", "StrangersPass")),
        (SSO, False, ("False", "PlainText")),
        (SSO | TLS, False, ("True", "Protected")),
        (BASIC, False, ("False", "PlainText")),
        (BASIC | TLS, False, ("True", "Protected")),
        (BASIC | TLS | ROUTE, False, ("False", "PlainText")),
        (BASIC | TLS | SAFE_ROUTE, False, ("True", "Protected")),
        (BASIC | TLS | SAFE_ROUTE | PLAIN_GATEWAY, False, ("False", "PlainText")),
    ],
)
def test_a_server_is_secured_when_strangers_are_sent_away_and_nobody_can_listen(
    spec: Spec, strangers_pass: bool | None, expected: tuple[str, str] | None
) -> None:
    """The first of these that is not so is told; what could not be tried is not claimed."""
    found = protection(server(EXISTING | spec), strangers_pass)
    assert (found and found[:2]) == expected


@pytest.mark.parametrize(
    ("spec", "reach"),
    [
        ({}, "every pod of the cluster may"),
        (WALLS, "the pods of its namespace may"),
        ({"networkPolicy": {"enabled": False}}, "every pod of the cluster may"),
        ({"networkPolicy": {"from": [{"podSelector": {}}]}}, "whom spec.networkPolicy.from names may"),
        (ROUTE, "every pod of the cluster and whoever reaches http://mlflow.example.com may"),
        ({"service": {"type": "LoadBalancer"}}, "every pod of the cluster and whoever reaches its LoadBalancer may"),
    ],
)
def test_who_reaches_an_open_server_is_told(spec: Spec, reach: str) -> None:
    """So that its owner knows how bad it is."""
    found = protection(server(EXISTING | spec), None)
    assert found
    assert reach in found.message


def test_where_passwords_can_be_read_is_told() -> None:
    """Each way that is plain."""
    found = protection(server(EXISTING | BASIC | ROUTE), strangers_pass=False)
    assert found
    assert "inside the cluster (spec.tls is not set) and at http://mlflow.example.com;" in found.message


@pytest.mark.parametrize(("spec", "walls"), [(WALLS, "NetworkPolicies say"), ({}, "no NetworkPolicy says")])
def test_walls_are_told_of(spec: Spec, walls: str) -> None:
    """They are one more protection, which not every network has."""
    found = protection(server(EXISTING | BASIC | TLS | spec), strangers_pass=False)
    assert found
    assert walls in found.message


@pytest.mark.parametrize(
    ("spec", "expected"), [(BASIC, "away; HTTPS"), (SSO, "away; logins by login.example.com; HTTPS")]
)
def test_who_checks_logins_is_told(spec: Spec, expected: str) -> None:
    """MLflow itself, or the provider."""
    found = protection(server(EXISTING | spec | TLS), strangers_pass=False)
    assert found
    assert expected in found.message
