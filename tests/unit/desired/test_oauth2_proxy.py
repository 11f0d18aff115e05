"""Logins at a provider: who is in front, what is open, what the proxy is told, and which Secrets there are."""

import base64
import hashlib
import re
from base64 import b64decode
from typing import Any

import pytest

from mlflow_operator import desired
from mlflow_operator.api.server.oauth2_proxy import ALLOWED_ARGS
from mlflow_operator.desired.server import encryption
from unit.desired.servers import EXISTING, SQLITE, everything, inputs, only, prepared, server

Spec = dict[str, Any]

SAID: Spec = {
    "issuerURL": "https://login.example.com/realms/ml",
    "clientID": "mlflow",
    "clientSecretRef": {"name": "client", "key": "secret"},
    "emailDomains": ["example.com"],
}
TLS: Spec = {"tls": {"secretName": "certificate"}}
PREFIX: Spec = {"network": {"staticPrefix": "/ml.flow"}}
BUNDLE: Spec = {"configMapKeyRef": {"name": "corporate", "key": "ca.crt"}}
SAFE_ROUTE: Spec = {"ingress": {"host": "ml.example.com", "tls": {"secretName": "c"}}}
PLAIN_GATEWAY: Spec = {"gateway": {"parentRefs": [{"name": "a"}], "hostnames": ["b.example.com"], "scheme": "http"}}
PLAIN_ROUTE: Spec = {"ingress": {"host": "ml.example.com"}}


def sso(**more: Any) -> Spec:
    """The logins, with more of them."""
    return {"auth": {"oauth2Proxy": SAID | more}}


def pods(spec: Spec) -> dict[str, Any]:
    """The pod of a server, once the preparation has been."""
    found: dict[str, Any] = only(prepared(server(EXISTING | spec)), "Deployment")["spec"]["template"]["spec"]
    return found


def containers(spec: Spec) -> dict[str, dict[str, Any]]:
    """Its containers, by name."""
    return {container["name"]: container for container in pods(spec)["containers"]}


def args(spec: Spec) -> list[str]:
    """What the proxy is told."""
    found: list[str] = containers(spec)["oauth2-proxy"]["args"]
    return found


def told(spec: Spec, flag: str) -> list[str]:
    """Values of a flag."""
    return [word.partition("=")[2] for word in args(spec) if word.startswith(f"--{flag}=")]


def test_the_proxy_has_the_port_and_mlflow_is_for_its_pod_alone() -> None:
    """The Service and the walls find the port by its name, in pods of before and after; MLflow has none of any name."""
    found = containers(sso())
    assert found["oauth2-proxy"]["ports"] == [{"name": "http", "containerPort": 5000, "protocol": "TCP"}]
    assert "ports" not in found["mlflow"]
    command = found["mlflow"]["command"]
    assert (command[3], command[command.index("--host") + 1]) == ("5001", "127.0.0.1")
    assert told(sso(), "upstream") == ["http://127.0.0.1:5001"]
    (port,) = only(prepared(server(EXISTING | sso())), "Service")["spec"]["ports"]
    assert port["targetPort"] == "http"


def test_who_is_asked_for_nothing_has_no_proxy() -> None:
    """No container, no Secret, and MLflow listens as ever."""
    found = containers({})
    assert found.keys() == {"mlflow"}
    assert found["mlflow"]["command"][3] == "5000"
    assert "--host" not in found["mlflow"]["command"]
    assert [key for key in everything(server(EXISTING)) if key[0] == "Secret"] == []


@pytest.mark.parametrize(("spec", "scheme"), [({}, "HTTP"), (TLS, "HTTPS")])
def test_the_kubelet_asks_mlflow_by_the_proxy(spec: Spec, scheme: str) -> None:
    """MLflow's health is what its container is judged by, and the proxy's own answer is what the proxy's is."""
    found = containers(sso() | PREFIX | spec)
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = found["mlflow"][name]["httpGet"]
        assert (asked["path"], asked["port"]) == ("/ml.flow/health", 5000)
        assert asked.get("scheme", "HTTP") == scheme
    for name in ("readinessProbe", "livenessProbe"):
        asked = found["oauth2-proxy"][name]["httpGet"]
        assert (asked["path"], asked["port"]) == ("/ml.flow/oauth2/ping", "http")
        assert asked.get("scheme", "HTTP") == scheme
    assert told(sso() | PREFIX, "ping-path") == ["/ml.flow/oauth2/ping"]


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ("/ml.flow/health", True),
        ("/mlxflow/health", False),
        ("/health", False),
        ("/ml.flow/health/", False),
        ("/ml.flow/healthy", False),
        ("/api/ml.flow/health", False),
    ],
)
def test_the_health_of_mlflow_is_open_and_nothing_else(path: str, is_open: bool) -> None:
    """One route, by GET, of exactly this path."""
    (route,) = told(sso() | PREFIX, "skip-auth-route")
    method, _, pattern = route.partition("=")
    assert method == "GET"
    assert bool(re.search(pattern, path)) is is_open


def test_headers_of_strangers_are_not_believed() -> None:
    """With X-Forwarded-Uri somebody could name the open path for another one."""
    assert told(sso() | SAFE_ROUTE, "reverse-proxy") == ["false"]
    assert [word for word in args(sso()) if word.startswith(("--trusted", "--skip-auth-regex", "--extra-jwt"))] == []


@pytest.mark.parametrize(
    ("path", "by_program"),
    [
        ("/ml.flow/api/2.0/mlflow/experiments/search", True),
        ("/ml.flow/ajax-api/2.0/mlflow/experiments/search", True),
        ("/api/2.0/mlflow-artifacts/artifacts/0/model", True),
        ("/ml.flow/get-artifact?path=a", True),
        ("/ml.flow/graphql", True),
        ("/ml.flow/v1/traces", True),
        ("/ml.flow/", False),
        ("/ml.flow/static-files/lib/ml-model-trace-renderer/index.html", False),
        ("/ml.flow/apiary", False),
    ],
)
def test_programs_are_refused_and_people_are_led_to_the_login(path: str, by_program: bool) -> None:
    """A client that is redirected to a page of the provider would report nonsense."""
    (pattern,) = told(sso() | PREFIX, "api-route")
    assert bool(re.search(pattern, path)) is by_program


@pytest.mark.parametrize(
    ("spec", "secure"),
    [
        ({}, "false"),
        (TLS, "true"),
        (SAFE_ROUTE, "true"),
        (PLAIN_ROUTE, "false"),
        (TLS | PLAIN_ROUTE, "false"),
        (SAFE_ROUTE | PLAIN_GATEWAY, "false"),
    ],
)
def test_browsers_are_sent_back_by_the_scheme_that_they_came_by(spec: Spec, secure: str) -> None:
    """It follows from the cookie: HTTPS where every route has it, or where pods do and there is no route."""
    assert told(sso() | spec, "cookie-secure") == [secure]


def test_secrets_are_in_no_argument() -> None:
    """The client's by its Secret, the cookies' by the operator's own; the file has a digest of the operator's word."""
    wanted = server(EXISTING | sso())
    made = everything(wanted)["Secret", "mlflow-oauth2-proxy"]["data"]
    held = {key: b64decode(value).decode() for key, value in made.items()}
    proxy = containers(sso())["oauth2-proxy"]
    assert {v["name"]: v["valueFrom"]["secretKeyRef"] for v in proxy["env"]} == {
        "OAUTH2_PROXY_CLIENT_SECRET": {"name": "client", "key": "secret"},
        "OAUTH2_PROXY_COOKIE_SECRET": {"name": "mlflow-oauth2-proxy", "key": "cookie-secret"},
    }
    digest = base64.b64encode(hashlib.sha1(b"drawn-outside", usedforsecurity=False).digest()).decode()
    assert held["htpasswd"] == f"mlflow-operator:{{SHA}}{digest}\n"
    assert len(base64.urlsafe_b64decode(held["cookie-secret"])) == 32
    assert "drawn-outside" not in held["cookie-secret"]
    (volume,) = (v for v in pods(sso())["volumes"] if v["name"] == "oauth2-proxy")
    assert volume["secret"]["items"] == [{"key": "htpasswd", "path": "htpasswd"}]
    assert not any(word in " ".join(proxy["args"]) for word in ("drawn-outside", held["cookie-secret"], digest))


def test_the_operator_asks_with_a_login_of_its_own() -> None:
    """It is in the Secret that the proxy's file is of, is made once, and goes with the server."""
    wanted = server(EXISTING | sso())
    credentials = desired.endpoint(wanted, "cluster.local").credentials
    assert credentials is not None
    made = everything(wanted)["Secret", credentials.name]
    assert made["metadata"]["ownerReferences"][0]["uid"] == wanted.metadata.uid
    assert b64decode(made["data"]["password"]) == b"drawn-outside"
    again = desired.build(wanted, inputs(wanted, existing=frozenset({("Secret", credentials.name)})))
    assert [o["kind"] for o in again.objects if o["kind"] == "Secret"] == []
    assert ("Secret", credentials.name) in again.held


def test_with_groups_the_operator_counts_as_a_member() -> None:
    """Else its login, which has no group, would be let in and then refused."""
    spec = sso(groups=["data science", "ml"])
    assert told(spec, "allowed-group") == ["data science", "ml"]
    assert told(spec, "htpasswd-user-group") == ["data science"]
    assert told(sso(), "htpasswd-user-group") == []


def test_what_the_spec_says_is_no_variable_of_the_kubelet() -> None:
    """Which would replace $(NAME) by what a variable holds: a secret, here."""
    trick = "$(OAUTH2_PROXY_CLIENT_SECRET)"
    spec = sso(clientID=trick, groups=[trick], audiences=[trick], groupsClaim=trick, extraArgs=[f"--prompt={trick}"])
    assert [word for word in args(spec) if "(OAUTH2" in word and f"${trick}" not in word] == []


def test_the_flags_of_the_spec_are_none_that_the_operator_sets() -> None:
    """Of a list both would count, and of the rest the last."""
    full = sso(groups=["ml"], scopes=["openid"], groupsClaim="g", audiences=["a"], caBundle=BUNDLE) | TLS
    set_by_us = {word.removeprefix("--").partition("=")[0] for spec in (full, sso()) for word in args(spec)}
    assert set_by_us & set(ALLOWED_ARGS) == {"api-route"}
    assert args(sso(extraArgs=["--prompt=login"]))[-1] == "--prompt=login"


def rolled(spec: Spec, *renewed: str) -> tuple[bool, bool]:
    """Whether another content of Secrets or ConfigMaps replaces pods, and whether it prepares anything."""
    wanted = server(EXISTING | spec)
    world = inputs(wanted, prepared=frozenset({str(prepared(wanted).stores)}))
    changed = {key: "renewed" if key[1] in renewed else text for key, text in world.digests.items()}
    after = desired.build(wanted, desired.Inputs(world.images, digests=changed, prepared=world.prepared))
    before = only(prepared(wanted), "Deployment")["spec"]["template"]
    deployments = [o for o in (*after.objects, *after.later) if o["kind"] == "Deployment"]
    return deployments[0]["spec"]["template"] != before, not after.prepared


@pytest.mark.parametrize("name", ["client", "mlflow-oauth2-proxy", "certificate", "corporate"])
def test_what_the_proxy_reads_once_replaces_pods_and_prepares_nothing(name: str) -> None:
    """Its secrets, its certificate and the issuer's authorities; the stores notice nothing of them."""
    assert rolled(sso(caBundle=BUNDLE) | TLS, name) == (True, False)


def test_without_the_proxy_a_certificate_is_still_followed() -> None:
    """As MLflow serves each new one itself."""
    assert rolled(TLS, "certificate") == (False, False)


def test_the_key_of_the_certificate_is_where_it_serves() -> None:
    """Only the proxy has it, and only MLflow has the stores'."""
    found = containers(sso(caBundle=BUNDLE) | TLS)
    mounts = {name: {m["name"] for m in container["volumeMounts"]} for name, container in found.items()}
    assert mounts == {"mlflow": {"tmp"}, "oauth2-proxy": {"oauth2-proxy", "certificate", "issuer-authorities"}}
    assert encryption.FOLDER not in found["mlflow"]["command"]
    wanted = server(EXISTING | sso(caBundle=BUNDLE) | TLS)
    job = only(desired.build(wanted, inputs(wanted)), "Job")
    assert [v["name"] for v in job["spec"]["template"]["spec"]["volumes"]] == ["tmp"]


def test_mlflow_outlives_the_requests_that_the_proxy_took_last() -> None:
    """Connections come until every node knows that the pod goes, and what came is handed on."""
    stays = {name: c["lifecycle"]["preStop"]["sleep"]["seconds"] for name, c in containers(sso()).items()}
    assert stays == {"mlflow": 8, "oauth2-proxy": 5}


def test_the_image_is_the_operators_unless_the_spec_names_one() -> None:
    """As for every container that it adds."""
    assert containers(sso())["oauth2-proxy"]["image"] == "mlflow.example/oauth2-proxy:7"
    assert containers(sso(image="mine/proxy:1"))["oauth2-proxy"]["image"] == "mine/proxy:1"


def test_nothing_begins_without_the_clients_secret() -> None:
    """Pods without it would not start; the database is left alone until they can."""
    wanted = server(SQLITE | sso())
    world = inputs(wanted)
    lacking = {key: text for key, text in world.digests.items() if key != ("Secret", "client")}
    built = desired.build(wanted, desired.Inputs(world.images, digests=lacking))
    assert "Job" not in {obj["kind"] for obj in built.objects}


def test_what_clients_send_as_a_login_is_not_logged() -> None:
    """oauth2-proxy 7.15 writes the whole header where it is neither a token of the issuer nor a login of its file."""
    (shown,) = told(sso(), "standard-logging-format")
    sent = "Error retrieving session from token in Authorization header: "
    assert f'(printf "%.{len(sent)}s" .Message) "{sent}"' in shown
    refused = f"{sent}unable to verify bearer token"
    assert f'(ne (printf "%.{len(refused)}s" .Message) "{refused}")' in shown
    assert shown.endswith(f"}}}}{sent}not shown{{{{else}}}}{{{{.Message}}}}{{{{end}}}}")
    assert told(sso() | PREFIX, "exclude-logging-path") == ["/ml.flow/health", "/ml.flow/oauth2/callback"]


@pytest.mark.parametrize(
    ("issuer", "egress", "peers"),
    [
        ("https://10.9.8.7:8443", {}, [{"ipBlock": {"cidr": "10.9.8.7/32"}}]),
        ("https://login.example.com", {}, [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}]),
        ("https://login.example.com", {"issuerCIDRs": ["192.0.2.7/32"]}, [{"ipBlock": {"cidr": "192.0.2.7/32"}}]),
        (
            "https://keycloak.accounts.svc:8443/realms/ml",
            {},
            [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "accounts"}}}],
        ),
    ],
)
def test_walls_let_the_pods_reach_the_issuer(issuer: str, egress: Spec, peers: list[Spec]) -> None:
    """And not the preparation's, which has nothing to ask there."""
    wanted = server(EXISTING | sso(issuerURL=issuer) | {"networkPolicy": {"egress": egress}})
    found = everything(wanted)
    rules = {key[1]: o["spec"]["egress"] for key, o in found.items() if key[0] == "NetworkPolicy"}
    assert rules["mlflow"][:-1] == rules["mlflow-prepare"]
    assert rules["mlflow"][-1]["to"] == peers


def test_a_forward_proxy_is_where_the_issuer_is_reached() -> None:
    """By the variable that Go's programs know, which never leads to one's own pod; and the walls let through to it."""
    spec = sso(httpsProxy="http://10.0.0.9:3128") | {"networkPolicy": {}}
    env = {v["name"]: v.get("value") for v in containers(spec)["oauth2-proxy"]["env"]}
    assert env["HTTPS_PROXY"] == "http://10.0.0.9:3128"
    found = everything(server(EXISTING | spec))["NetworkPolicy", "mlflow"]["spec"]["egress"][-1]
    assert found == {"to": [{"ipBlock": {"cidr": "10.0.0.9/32"}}], "ports": [{"protocol": "TCP", "port": 3128}]}


def test_both_kinds_of_logins_can_follow_each_other() -> None:
    """Each has a Secret of its own, so that none lacks what the other one has no use for."""
    basic = everything(server(EXISTING | {"auth": {"basic": {}}}))
    both = {key[1] for key in basic if key[0] == "Secret"} & {
        key[1] for key in everything(server(EXISTING | sso())) if key[0] == "Secret"
    }
    assert both == set()
