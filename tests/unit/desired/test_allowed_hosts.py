from fnmatch import fnmatch

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import endpoint
from mlflow_operator.desired.server.allowed_hosts import allowed_hosts
from unit.desired.servers import EXISTING, server

POD_IP = "10.9.8.7"


def patterns_of(wanted: MLflowServer) -> list[str]:
    """What the server is told."""
    return allowed_hosts(endpoint(wanted, "cluster.local"), wanted.spec.network.allowed_hosts)


def lets_in(host: str, extra: list[str], pod_ip: str = POD_IP) -> bool:
    """Whether MLflow 3.17 would answer (is_allowed_host_header in mlflow/server/security_utils.py)."""
    wanted = server(EXISTING | {"network": {"allowedHosts": extra}})
    patterns = [p.replace("$(POD_IP)", pod_ip).replace("$$", "$") for p in patterns_of(wanted)]
    return "*" in patterns or any(fnmatch(host, p) if "*" in p else host == p for p in patterns)


@pytest.mark.parametrize(
    ("host", "extra"),
    [
        ("localhost", []),
        ("localhost:5000", []),
        ("127.0.0.1:9", []),
        ("[::1]", []),
        ("[::1]:5000", []),
        ("mlflow", []),
        ("mlflow:5000", []),
        ("mlflow.team", []),
        ("mlflow.team.svc:80", []),
        ("mlflow.team.svc.cluster.local", []),
        ("mlflow.team.svc.cluster.local:5000", []),
        (POD_IP, []),
        (f"{POD_IP}:5000", []),
        ("ml.example.com", ["ml.example.com"]),
        ("ml.example.com:443", ["ml.example.com"]),
        ("ml.example.com:8443", ["ml.example.com:8443"]),
        ("a.example.com:443", ["*.example.com"]),
        ("[fd00::5]:443", ["[fd00::5]"]),
        ("anything", ["*"]),
    ],
)
def test_let_in(host: str, extra: list[str]) -> None:
    """The server's own names, its pods' addresses and the user's, with any port."""
    assert lets_in(host, extra)


@pytest.mark.parametrize(
    ("host", "extra"),
    [
        ("evil.example.com", []),
        ("mlflow.other", []),
        ("mlflowx", []),
        ("mlflow.team.svc.evil.com", []),
        ("10.0.0.1", []),
        ("1", []),
        (":", []),
        ("ml.example.com", ["ml.example.com:8443"]),
        ("ml.example.com:443", ["ml.example.com:8443"]),
        ("example.com", ["*.example.com"]),
    ],
)
def test_kept_out(host: str, extra: list[str]) -> None:
    """Everything else, so that a page of a stranger cannot reach the server by DNS rebinding."""
    assert not lets_in(host, extra)


def test_an_ipv6_pod_is_addressed_in_brackets() -> None:
    """The address in a Host header has brackets, and fnmatch must not take them for a set."""
    assert lets_in("[fd00::9]:5000", [], pod_ip="fd00::9")


def test_a_users_dollar_is_no_variable() -> None:
    """The kubelet expands the operator's $(POD_IP) only."""
    wanted = server(EXISTING | {"network": {"allowedHosts": ["$(HOME)"]}})
    assert "$$(HOME)" in patterns_of(wanted)
