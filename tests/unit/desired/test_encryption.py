"""HTTPS in the pods: everything that speaks to a server knows of it, and a renewal replaces nothing."""

from typing import Any

import pytest

from mlflow_operator import desired
from mlflow_operator.desired import endpoint
from unit.desired.servers import EXISTING, container, inputs, only, prepared, server

BUNDLE = {"configMapKeyRef": {"name": "corporate", "key": "ca.crt"}}
TLS: dict[str, Any] = {"tls": {"secretName": "certificate"}}
ROUTE: dict[str, Any] = {"ingress": {"host": "mlflow.example.com"}}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


@pytest.mark.parametrize(("spec", "scheme"), [(TLS, "https"), ({}, "http")])
def test_whoever_asks_a_server_knows_how(spec: dict[str, Any], scheme: str) -> None:
    """Its URL, the kubelet, meshes and Gateways by the Service, and the controller of the Ingress."""
    wanted = server(EXISTING | ROUTE | spec)
    built = prepared(wanted)
    (port,) = only(built, "Service")["spec"]["ports"]
    (rule,) = only(built, "Ingress")["spec"]["rules"]
    probes = [container(only(built, "Deployment"))[name]["httpGet"].get("scheme", "HTTP") for name in PROBES]
    assert endpoint(wanted, "cluster.local").url == f"{scheme}://mlflow.team.svc.cluster.local:5000"
    assert probes == [scheme.upper()] * 3
    assert (port["name"], port["appProtocol"]) == (scheme, scheme)
    assert rule["http"]["paths"][0]["backend"]["service"]["port"] == {"name": scheme}
    annotations = only(built, "Ingress")["metadata"]["annotations"]
    assert annotations.get("nginx.ingress.kubernetes.io/backend-protocol", "HTTP") == scheme.upper()


def test_pods_of_before_serve_until_the_others_are_there() -> None:
    """The Service finds the port of both by the same name."""
    targets = [
        only(prepared(server(EXISTING | spec)), "Service")["spec"]["ports"][0]["targetPort"] for spec in ({}, TLS)
    ]
    ports = [container(only(prepared(server(EXISTING | spec)), "Deployment"))["ports"][0]["name"] for spec in ({}, TLS)]
    assert targets == ports == ["http", "http"]


def test_a_port_of_443_is_no_part_of_the_url() -> None:
    """As everywhere: the default of the scheme is left out."""
    url = endpoint(server(EXISTING | TLS | {"service": {"port": 443}}), "cluster.local").url
    assert url == "https://mlflow.team.svc.cluster.local"


def test_annotations_of_the_spec_win_over_those_for_controllers() -> None:
    """On the Service and on the Ingress, key by key."""
    mine = {"traefik.ingress.kubernetes.io/service.serversscheme": "h2c"}
    route = {"ingress": ROUTE["ingress"] | {"annotations": {"haproxy.org/server-ssl": "false"}}}
    built = prepared(server(EXISTING | TLS | route | {"service": {"annotations": mine}}))
    assert only(built, "Service")["metadata"]["annotations"].items() >= mine.items()
    assert only(built, "Ingress")["metadata"]["annotations"]["haproxy.org/server-ssl"] == "false"


def build(spec: dict[str, Any], **digests: str) -> desired.Desired:
    """What should exist of a prepared server, where these objects have these fingerprints."""
    wanted = server(EXISTING | spec)
    world = inputs(wanted, prepared=frozenset({str(prepared(wanted).stores)}))
    changed = {key: digests.get(key[1], text) for key, text in world.digests.items()}
    return desired.build(wanted, desired.Inputs(world.images, digests=changed, prepared=world.prepared))


def test_a_renewed_certificate_replaces_no_pod_and_prepares_nothing() -> None:
    """Nor does another authority; another password does."""
    spec = {"tls": TLS["tls"] | {"caBundle": BUNDLE}}
    assert build(spec, certificate="renewed", corporate="renewed") == build(spec)
    assert build(spec, db="renewed") != build(spec)


def test_a_certificate_that_is_used_otherwise_too_is_followed_otherwise_too() -> None:
    """Whatever reads it from a variable has it from its start."""
    variable = {"name": "CERT", "valueFrom": {"secretKeyRef": {"name": "certificate", "key": "tls.crt"}}}
    spec = TLS | {"env": [variable]}
    assert build(spec, certificate="renewed") != build(spec)


def test_nothing_begins_without_the_certificate() -> None:
    """Pods without it would not start; the database is left alone until they can."""
    wanted = server(EXISTING | TLS)
    world = inputs(wanted)
    lacking = {key: text for key, text in world.digests.items() if key != ("Secret", "certificate")}
    built = desired.build(wanted, desired.Inputs(world.images, digests=lacking))
    assert "Job" not in {obj["kind"] for obj in built.objects}


def test_the_preparation_has_nothing_of_it() -> None:
    """The key is mounted where it serves, and nowhere else."""
    wanted = server(EXISTING | TLS)
    job = only(desired.build(wanted, inputs(wanted)), "Job")
    assert [v["name"] for v in job["spec"]["template"]["spec"]["volumes"]] == ["tmp"]


def test_a_certificate_is_for_all_names_of_the_service() -> None:
    """Made by the issuer that is named, into a Secret of its own, which the pods wait for."""
    wanted = server(EXISTING | {"tls": {"issuerRef": {"name": "corporate"}}})
    built = prepared(wanted)
    made = only(built, "Certificate")
    assert made["spec"]["dnsNames"] == [
        *("mlflow", "mlflow.team", "mlflow.team.svc"),
        "mlflow.team.svc.cluster.local",
    ]
    assert made["spec"]["issuerRef"] == {"name": "corporate", "kind": "Issuer", "group": "cert-manager.io"}
    volumes = only(built, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert volumes[-1]["secret"] == {"secretName": made["spec"]["secretName"]}
    assert endpoint(wanted, "cluster.local").certificate == made["spec"]["secretName"] == "mlflow-certificate"


@pytest.mark.parametrize("spec", [{}, TLS])
def test_nobody_is_asked_for_a_certificate_that_is_there(spec: dict[str, Any]) -> None:
    """Without an issuer there is no Certificate, and the cluster need not know any."""
    assert "Certificate" not in {obj["kind"] for obj in prepared(server(EXISTING | spec)).objects}
