"""Both routes from outside lead through a real controller: Traefik on a real node, and MLflow's client in a pod."""

import json
import logging
import uuid
from collections.abc import Callable, Iterator

import pytest

from cluster.companions import traefik as controller
from cluster.companions.traefik import Traefik
from cluster.nodes.node import LocalNode
from cluster.services.team import Object, Team, condition, is_ready
from e2e.client import ClientPod

pytestmark = pytest.mark.ecosystem

START_SECONDS = 300.0
SETTLE_SECONDS = 120.0
INGRESS, GATEWAY, OTHER = (f"{name}.example.com" for name in ("ingress", "gateway", "other"))
EACH_ROUTE = pytest.mark.parametrize("host", [INGRESS, GATEWAY])
GIGABYTE = 1_000_000_000

_UP_AND_DOWN = """
import hashlib, json, mlflow, os, sys, time
url, size = sys.argv[1], int(sys.argv[2])

def checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

with open("/tmp/large.bin", "wb") as file:
    for _ in range(0, size, 10**6):
        file.write(os.urandom(10**6))
mlflow.set_tracking_uri(url)
mlflow.set_experiment("routes")
began = time.monotonic()
with mlflow.start_run() as run:
    mlflow.log_artifact(file.name, "model")
up = time.monotonic()
got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model", dst_path="/tmp/got")
down = time.monotonic()
got += "/large.bin"
same = checksum(file.name) == checksum(got)
print(json.dumps({"up": up - began, "down": down - up, "size": os.path.getsize(got), "same": same}))
os.remove(file.name), os.remove(got)
"""
_MAKE = """
import json, sys, urllib.error, urllib.request
url, origin, name = sys.argv[1:]
headers = {"Content-Type": "application/json", "Origin": origin}
body = json.dumps({"name": name}).encode()
try:
    made = urllib.request.Request(f"{url}/ajax-api/2.0/mlflow/experiments/create", body, headers)
    print(urllib.request.urlopen(made, timeout=20).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def exposed(listener: str = controller.OPEN, gateway: str = controller.GATEWAY) -> Object:
    """A server with a route of either kind."""
    parent = {"name": gateway, "namespace": controller.NAMESPACE, "sectionName": listener}
    return {
        "backendStore": {"sqlite": {}},
        "artifactStore": {"managed": {}},
        "ingress": {"host": INGRESS, "className": controller.CLASS},
        "gateway": {"parentRefs": [parent], "hostnames": [GATEWAY], "scheme": "http"},
    }


def has(status: str, reason: str) -> Callable[[Object], bool]:
    """Whether Exposed says so of the spec as it is."""

    def holds(obj: Object) -> bool:
        found = condition(obj, "Exposed")
        current = found.get("observedGeneration") == obj["metadata"]["generation"]
        return current and (found["status"], found["reason"]) == (status, reason)

    return holds


@pytest.fixture(scope="module")
def team(local_node: LocalNode, traefik: Traefik) -> Iterator[Team]:
    """A team whose server can be reached by both routes."""
    local_node.recycle_volumes()
    name = f"test-{uuid.uuid4().hex[:8]}"
    local_node.kubectl("create", "namespace", name)
    team = Team(local_node, name)
    team.apply("MLflowServer", "mlflow", exposed())
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    team.until("mlflowserver", "mlflow", has("True", "Admitted"), seconds=SETTLE_SECONDS)
    yield team
    local_node.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def client(local_node: LocalNode, team: Team) -> ClientPod:
    """A pod for which the hosts are where the controller is."""
    hosts = {controller.ADDRESS: [INGRESS, GATEWAY, OTHER]}
    return ClientPod(local_node, team.namespace, f"http://{INGRESS}", hosts=hosts)


def test_the_server_says_what_the_controller_says(team: Team) -> None:
    """The address that it gave the Ingress, the Gateway that took the HTTPRoute, and what to tell people."""
    server = team.get("mlflowserver", "mlflow")
    message = condition(server, "Exposed")["message"]
    assert (controller.ADDRESS in message, controller.GATEWAY in message) == (True, True)
    assert server["status"]["externalURL"] == f"http://{INGRESS}"


@EACH_ROUTE
def test_the_page_of_mlflow_answers(client: ClientPod, host: str) -> None:
    """At the host of the route, and what it loads too."""
    status, page = client.get(f"http://{host}/")
    assert (status, "<title>MLflow</title>" in page) == (200, True)


def test_a_host_of_nobody_is_not_found(client: ClientPod) -> None:
    """The controller knows no route for it."""
    status, _ = client.get(f"http://{OTHER}/")
    assert status == 404


@EACH_ROUTE
def test_the_page_may_change_something_and_another_sites_may_not(client: ClientPod, host: str) -> None:
    """MLflow takes the route's origin for its own, and no other."""
    answers = [client.python(_MAKE, f"http://{host}", f"http://{origin}", host) for origin in (OTHER, host)]
    assert [answer.strip() for answer in answers] == ["403", "200"]


@EACH_ROUTE
def test_a_gigabyte_goes_up_and_comes_down(client: ClientPod, host: str) -> None:
    """As an artifact of MLflow's client, without a setting; it knows the route alone, and the store is in S3."""
    found = json.loads(client.python(_UP_AND_DOWN, f"http://{host}", str(GIGABYTE)).splitlines()[-1])
    logging.getLogger(__name__).info("%s: %.1f s up, %.1f s down", host, found["up"], found["down"])
    assert (found["size"], found["same"]) == (GIGABYTE, True)


def test_a_gateway_that_refuses_is_named(team: Team) -> None:
    """By a listener for its own namespace, in the controller's words; where there is no Gateway, nobody speaks."""
    team.apply("MLflowServer", "mlflow", exposed(controller.CLOSED))
    refused = team.until("mlflowserver", "mlflow", has("False", "RouteRefused"), seconds=SETTLE_SECONDS)
    assert "NotAllowedByListeners" in condition(refused, "Exposed")["message"]
    team.apply("MLflowServer", "mlflow", exposed(gateway="nowhere"))
    team.until("mlflowserver", "mlflow", has("Unknown", "NoController"), seconds=SETTLE_SECONDS)
    team.apply("MLflowServer", "mlflow", exposed())
    team.until("mlflowserver", "mlflow", has("True", "Admitted"), seconds=SETTLE_SECONDS)
