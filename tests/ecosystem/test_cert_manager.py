"""A real cert-manager beside the real operator: it makes the certificate that the pods of a server show."""

import base64
import json

import pytest
from aiohttp import web

from cluster.companions.cert_manager import CertManager
from cluster.host import ports, waiting
from cluster.plane.paper_node import PaperNode
from cluster.services.team import Object, Team, condition, has_reason
from cluster.services.threaded import serving
from unit.signing import Pair

pytestmark = pytest.mark.ecosystem

SQLITE: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
ECDSA = {"algorithm": "ECDSA", "size": 256}


def issuers(namespace: str) -> list[Object]:
    """An authority of the team's own: an issuer that signs itself, its certificate, and the issuer that signs by it."""
    authority = {"isCA": True, "commonName": "team", "secretName": "team-ca", "privateKey": ECDSA}
    return [
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
        for kind, name, spec in (
            ("Issuer", "own", {"selfSigned": {}}),
            ("Certificate", "team-ca", authority | {"issuerRef": {"name": "own"}}),
            ("Issuer", "team", {"ca": {"secretName": "team-ca"}}),
        )
    ]


def issued(team: Team) -> Pair:
    """What is in the Secret."""
    data = team.get("secret", "mlflow-certificate")["data"]
    return Pair(*(base64.b64decode(data[key]).decode() for key in ("tls.crt", "tls.key")))


async def anything(_: web.Request) -> web.Response:
    """What a server says that has nothing to say."""
    return web.json_response({})


def test_a_certificate_is_made_by_whoever_comes_later_and_made_anew(
    team: Team, cert_manager: CertManager, paper_node: PaperNode
) -> None:
    """The server waits for cert-manager, trusts what it issues, and rolls no pod when it issues anew."""
    team.apply("MLflowServer", "mlflow", {**SQLITE, "tls": {"issuerRef": {"name": "team"}}})
    team.until("mlflowserver", "mlflow", has_reason("CertManagerMissing"))
    cert_manager.install()
    body = {"apiVersion": "v1", "kind": "List", "items": issuers(team.namespace)}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))
    words = ("get", "deployment", "mlflow", "-n", team.namespace, "--ignore-not-found", "-o", "name")
    waiting.until(lambda: bool(team.plane.kubectl(*words)), what="the Deployment", seconds=90, pause=0.5)
    port = ports.free(1)[0]
    with serving(anything, port, issued(team).served):
        paper_node.encrypt(port)
        team.until("mlflowserver", "mlflow", lambda o: condition(o, "ServerReady").get("status") == "True", seconds=60)
    before, generation = issued(team), team.get("deployment", "mlflow")["metadata"]["generation"]
    team.delete("secret", "mlflow-certificate")

    def is_new() -> bool:
        listed = team.plane.kubectl("get", "secrets", "-n", team.namespace, "-o", "name").split()
        return "secret/mlflow-certificate" in listed and issued(team) != before

    waiting.until(is_new, what="another certificate", seconds=60, pause=0.5)
    with serving(anything, port, issued(team).served):
        team.until("mlflowserver", "mlflow", lambda o: condition(o, "ServerReady").get("status") == "True", seconds=60)
    assert team.get("deployment", "mlflow")["metadata"]["generation"] == generation
