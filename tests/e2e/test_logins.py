"""A server that asks for logins, on a real node: two replicas, who gets in, a promotion, and a new password."""

import json
import threading
import time
import uuid
from base64 import b64decode
from collections.abc import Iterator

import pytest
import yaml

from cluster.host import folders, waiting
from cluster.providers.provider import Cluster
from cluster.services.team import Object, Team, is_ready
from demo import installation
from demo.story import PROFILES

from .client import ClientPod

pytestmark = pytest.mark.e2e

START_SECONDS = 400.0
SERVER_PODS = "app.kubernetes.io/component=server,app.kubernetes.io/instance=mlflow"
LOOK = "/api/2.0/mlflow/experiments/search?max_results=1"
FIRST, SECOND = "first-password-of-trainer", "second:Pa@ss%word of trainer"

_TRIES = """
import base64, collections, json, sys, time, urllib.error, urllib.request
hosts, path, logins, seconds = json.loads(sys.argv[1])
def status(host, login):
    request = urllib.request.Request("http://" + host + ":5000" + path)
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(":".join(login).encode()).decode())
    try:
        return urllib.request.urlopen(request, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
if not seconds:
    print(json.dumps([[status(host, login) for login in logins] for host in hosts]))
    sys.exit()
found, end, current, switched = collections.Counter(), time.monotonic() + seconds, 0, 0
while time.monotonic() < end:
    for host in hosts:
        code = status(host, logins[current])
        if code == 401:
            current, switched = 1 - current, switched + 1
            code = status(host, logins[current])
        found[code] += 1
print(json.dumps([found, switched]))
"""

_REGISTER = """
import os, sys, tempfile
os.environ["HOME"] = tempfile.tempdir = "/dev/shm"  # the rest of the pod's file system is read-only
from mlflow import MlflowClient
client = MlflowClient("http://mlflow:5000")
client.create_registered_model(sys.argv[1])
run = client.create_run("0")
client.log_text(run.info.run_id, "a model", "model/MLmodel")
print(client.create_model_version(sys.argv[1], run.info.artifact_uri + "/model", run.info.run_id).version)
"""


@pytest.fixture(scope="module")
def team(node: Cluster) -> Iterator[Team]:
    """A team with the production sample's server, which asks for logins from its first start on."""
    node.recycle_volumes()
    for image in PROFILES["production"].images:
        node.load(image)
    installation.install(node)
    name = f"test-{uuid.uuid4().hex[:8]}"
    node.kubectl("create", "namespace", name)
    node.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    team = Team(node, name)
    give(team, FIRST)
    sample = yaml.safe_load((folders.CHECKOUT / PROFILES["production"].server).read_text())["spec"]
    trainer = {"name": "trainer", "passwordSecretRef": {"name": "people", "key": "trainer"}}
    users = [{**trainer, "permissions": [{"experiment": "*", "permission": "EDIT"}]}]
    team.apply("MLflowServer", "mlflow", {**sample, "auth": {"basic": {"users": users}}})
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    yield team
    node.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def client(node: Cluster, team: Team) -> ClientPod:
    """A pod that logs in as MLflow's client does, as the administrator."""
    env = {"MLFLOW_TRACKING_USERNAME": "username", "MLFLOW_TRACKING_PASSWORD": "password"}
    keys = {variable: {"name": "mlflow-admin", "key": key} for variable, key in env.items()}
    return ClientPod(node, team.namespace, "http://mlflow:5000", env=keys)


def give(team: Team, password: str) -> None:
    """Write the trainer's password into its Secret."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "people"}, "stringData": {"trainer": password}}
    team.plane.kubectl("-n", team.namespace, "apply", "-f", "-", text=json.dumps(body))


def pods(team: Team) -> list[Object]:
    """The pods of the server."""
    words = ("-n", team.namespace, "get", "pods", "-l", SERVER_PODS, "-o", "json")
    items: list[Object] = json.loads(team.plane.kubectl(*words))["items"]
    return items


def test_nobody_gets_in_without_the_right_login(team: Team, client: ClientPod) -> None:
    """Each pod by itself, and the Service: 401 for anonymous and for wrong ones, 200 for a user of the spec."""
    hosts = [*(pod["status"]["podIP"] for pod in pods(team)), "mlflow"]
    assert len(hosts) == 3
    logins = [None, ["admin", "password1234"], ["trainer", SECOND], ["trainer", FIRST]]
    found = json.loads(client.python(_TRIES, json.dumps([hosts, LOOK, logins, 0])))
    assert found == [[401, 401, 401, 200]] * 3


def test_a_promotion_needs_no_login_of_its_own(team: Team, client: ClientPod) -> None:
    """A model with a file in the store, by MLflow's client; the claim has nothing to say of logins."""
    model = f"m-{uuid.uuid4().hex[:8]}"
    assert client.python(_REGISTER, model).strip().splitlines()[-1] == "1"
    team.promote("secured", model, 1)
    claim = team.until("modelpromotion", "secured", is_ready, seconds=120)
    assert claim["status"]["currentVersion"] == "1"


def test_a_new_password_costs_no_request_and_no_pod(team: Team, client: ClientPod) -> None:
    """A client that never pauses, and takes the other password when it is told 401."""
    before = sorted(pod["metadata"]["uid"] for pod in pods(team))
    logins = [["trainer", FIRST], ["trainer", SECOND]]
    told: list[str] = []
    ask = threading.Thread(
        target=lambda: told.append(client.python(_TRIES, json.dumps([["mlflow"], LOOK, logins, 100])))
    )
    ask.start()
    time.sleep(3)
    give(team, SECOND)
    begun = time.monotonic()

    def holds() -> bool:
        found = json.loads(client.python(_TRIES, json.dumps([["mlflow"], LOOK, [["trainer", SECOND]], 0])))
        return bool(found == [[200]])

    waiting.until(holds, what="the new password", seconds=95)
    took = time.monotonic() - begun
    ask.join()
    statuses, switched = json.loads(told[0])
    print(f"statuses {statuses}, switched {switched}, set after {took:.1f} s")
    assert set(statuses) == {"200"}
    assert sorted(pod["metadata"]["uid"] for pod in pods(team)) == before


def test_no_password_is_anywhere_but_in_its_secret(node: Cluster, team: Team) -> None:
    """Neither in an object, an Event, a log nor a list of arguments."""
    words = []
    for name in ("mlflow-admin", "mlflow-auth"):
        words += [v for k, v in team.get("secret", name)["data"].items() if k != "username"]
    plain = [FIRST, SECOND, *(_decoded(word) for word in words)]
    kinds = "pods,jobs,deployments,configmaps,mlflowservers,modelpromotions,events.events.k8s.io"
    told = team.plane.kubectl("get", kinds, "-n", team.namespace, "-o", "json")
    told += node.kubectl("-n", installation.NAMESPACE, "logs", installation.DEPLOYMENT, "--tail=-1")
    for pod in pods(team):
        name = pod["metadata"]["name"]
        told += team.plane.kubectl("-n", team.namespace, "logs", name, "--tail=-1")
        arguments = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
        told += team.plane.kubectl("-n", team.namespace, "exec", name, "--", "sh", "-c", arguments)
    assert "basic-auth" in told
    assert [word for word in [*plain, *words] if word in told] == []


def _decoded(text: str) -> str:
    return b64decode(text).decode()
