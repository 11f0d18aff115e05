"""HTTPS in the pods, on a real node: a certificate is renewed under clients that never pause."""

import json
import threading
import time
import uuid
from collections.abc import Iterator

import pytest

from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.team import Team, condition, is_ready
from demo import installation
from unit.signing import Pair, signed

from .client import ClientPod
from .test_lifecycle import START_SECONDS, pods

pytestmark = pytest.mark.e2e

SECONDS = 180
"""For which clients ask: a kubelet may take two minutes to bring a changed Secret into a pod."""

# One thread stays on its connection, the other makes a new one for each request and notes which certificate it gets.
_ASK = """
import hashlib, http.client, json, os, ssl, sys, threading, time
end, trust = time.monotonic() + float(sys.argv[1]), ssl.create_default_context(cadata=os.environ["AUTHORITY"])
path, found = "/api/2.0/mlflow/experiments/search?max_results=1", {}
def ask(name, stays):
    mine = found[name] = {"asked": 0, "failed": [], "seen": {}}
    connection = http.client.HTTPSConnection("mlflow", 5000, timeout=20, context=trust)
    while time.monotonic() < end:
        mine["asked"] += 1
        try:
            connection.request("GET", path)
            shown = hashlib.sha256(connection.sock.getpeercert(True)).hexdigest()
            mine["seen"][shown] = mine["seen"].get(shown, 0) + 1
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                mine["failed"].append(answer.status)
        except (OSError, http.client.HTTPException) as error:
            mine["failed"].append(repr(error))
            connection.close()
        if not stays:
            connection.close()
threads = [threading.Thread(target=ask, args=args) for args in (("stays", True), ("comes", False))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(found))
"""

AUTHORITY = signed("team authority")
SPEC = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}, "replicas": 2, "workers": 1}


def write(team: Team, pair: Pair) -> None:
    """Put a certificate into the Secret."""
    data = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": AUTHORITY.certificate}
    body = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "certificate"}}
    team.plane.kubectl("-n", team.namespace, "apply", "-f", "-", text=json.dumps(body | {"stringData": data}))


@pytest.fixture(scope="module")
def team(node: Cluster) -> Iterator[Team]:
    """A team with a server of two pods that speak HTTPS."""
    node.recycle_volumes()
    for image in (images.SERVER, images.POSTGRES, images.MINIO):
        node.load(image)
    installation.install(node)
    name = f"test-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    node.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    team = Team(node, name)
    write(team, certificate(team))
    team.apply("MLflowServer", "mlflow", SPEC | {"tls": {"secretName": "certificate"}})
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    yield team
    node.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def client(node: Cluster, team: Team) -> ClientPod:
    """A user's pod that trusts the team's authority."""
    return ClientPod(
        node, team.namespace, "https://mlflow:5000", env={"AUTHORITY": {"name": "certificate", "key": "ca.crt"}}
    )


def certificate(team: Team) -> Pair:
    """One for all names of the Service."""
    short = f"mlflow.{team.namespace}"
    return signed("mlflow", short, f"{short}.svc", f"{short}.svc.cluster.local", by=AUTHORITY)


def test_a_promotion_works_over_https(team: Team, client: ClientPod) -> None:
    """The operator asks by the name of the Service and trusts what the Secret says; HTTP is not answered."""
    assert team.status("mlflowserver", "mlflow")["url"].startswith("https://mlflow.")
    model = client.create_model("encrypted", versions=2)
    team.promote("encrypted", model, 2)
    team.until("modelpromotion", "encrypted", is_ready, seconds=60)
    assert client.holders(model, "Production") == ["2"]
    with pytest.raises(Exception, match="urllib"):
        client.get("http://mlflow:5000/health")


def test_a_renewal_fails_no_request_and_replaces_no_pod(team: Team, client: ClientPod) -> None:
    """The pods come to serve the new certificate, while clients ask without a pause: one stays, one comes anew."""
    before = pods(team, "mlflow")
    since = condition(team.get("mlflowserver", "mlflow"), "ServerReady")["lastTransitionTime"]
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(client.python(_ASK, str(SECONDS))))
    asking.start()
    time.sleep(10)
    write(team, certificate(team))
    asking.join()
    found = json.loads(said[0])
    stays, comes = found["stays"], found["comes"]
    assert (stays["failed"], comes["failed"]) == ([], []), found
    assert len(comes["seen"]) == 2, found
    assert min(stays["asked"], comes["asked"]) > 200, found
    assert pods(team, "mlflow") == before
    after = team.get("mlflowserver", "mlflow")
    assert is_ready(after)
    assert condition(after, "ServerReady")["lastTransitionTime"] == since
