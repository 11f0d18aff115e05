"""What a platform team relies on, on a real node: two replicas on PostgreSQL and S3, and what happens to them."""

import json
import random
import time
from collections.abc import Iterator

import pytest
import yaml

from cluster.host import folders, waiting
from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.team import Team, condition, has_reason, is_ready
from demo.story import PROFILES

from .client import ClientPod
from .crash import kill_operator
from .teams import START_SECONDS, give, restarts, restricted_team

pytestmark = pytest.mark.e2e

KILLS = 5

_VALIDATE = """
import json, os
from mlflow import MlflowClient
version = MlflowClient().get_model_version(os.environ["MODEL_NAME"], os.environ["MODEL_VERSION"])
verdict = version.tags.get("verdict", "bad")
report = {"passed": verdict == "good", "metrics": {"gap": 0.02}}
report["message"] = f"the verdict on {os.environ['MODEL_URI']} is {verdict}"
with open("/dev/termination-log", "w") as file:
    json.dump(report, file)
"""

_SQL = """
import json, os, psycopg2, sys
owner = {"user": os.environ["OWNER"], "password": os.environ["OWNER_PASSWORD"]}
connection = psycopg2.connect(host="mlflow-postgres", dbname="mlflow", **owner)
connection.autocommit = True
for statement in json.load(sys.stdin):
    connection.cursor().execute(statement)
"""


@pytest.fixture(scope="module")
def team(node: Cluster) -> Iterator[Team]:
    """A team with the production sample's server, from an empty database to Ready."""
    with restricted_team(node) as team:
        sample = yaml.safe_load((folders.CHECKOUT / PROFILES["production"].server).read_text())
        team.apply("MLflowServer", "mlflow", sample["spec"])
        team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
        yield team


@pytest.fixture(scope="module")
def client(node: Cluster, team: Team) -> ClientPod:
    """A user's pod, which can also log in to the managed PostgreSQL."""
    env = {"OWNER": "username", "OWNER_PASSWORD": "password"}
    keys = {variable: {"name": "mlflow-postgres", "key": key} for variable, key in env.items()}
    return ClientPod(node, team.namespace, "http://mlflow:5000", env=keys)


def sql(client: ClientPod, *statements: str) -> None:
    """Have statements run as the owner of the managed PostgreSQL; some of them have passwords in them."""
    client.python(_SQL, text=json.dumps(statements))


def test_two_replicas_start_from_an_empty_database_without_a_crash(team: Team) -> None:
    """The schema is made once, before the replicas start, so none of them fails on it."""
    status = team.status("mlflowserver", "mlflow")
    assert (status["replicas"], status["readyReplicas"], status["version"]) == (2, 2, "3.17.2")
    assert list(restarts(team).values()) == [0, 0]


def test_every_name_of_the_service_is_answered(team: Team, client: ClientPod) -> None:
    """MLflow's host check lets in whoever uses the Service's name, short or long; a stranger's name is refused."""
    short = f"mlflow.{team.namespace}"
    for host in ("mlflow", short, f"{short}.svc", f"{short}.svc.cluster.local"):
        status, _ = client.get(f"http://{host}:5000/api/2.0/mlflow/experiments/search?max_results=1")
        assert (host, status) == (host, 200)
    assert client.experiment("scoring-models")["tags"][0]["value"] == "how well a candidate fits a job"


@pytest.mark.parametrize("child", ["service/mlflow", "deployment/mlflow", "statefulset/mlflow-postgres"])
def test_a_deleted_child_comes_back(team: Team, child: str) -> None:
    """Somebody's kubectl delete is put right, and the server is ready again."""
    before = team.plane.kubectl("-n", team.namespace, "get", child, "-o", "jsonpath={.metadata.uid}")
    team.plane.kubectl("-n", team.namespace, "delete", child, "--wait=false")

    def is_back() -> bool:
        path = "jsonpath={.metadata.uid}"
        uid = team.plane.kubectl("-n", team.namespace, "get", child, "--ignore-not-found", "-o", path)
        return uid not in ("", before)

    waiting.until(is_back, what=f"{child} to come back", seconds=30)
    if not child.startswith("service/"):
        team.plane.kubectl("-n", team.namespace, "rollout", "status", child, "--timeout=180s")
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)


def test_a_rotated_password_rolls_the_pods(team: Team, client: ClientPod) -> None:
    """A new password in the database and in the Secret: tried first, then new pods, and the server works on."""
    first, second = "first Pa/ss#word", "second:Pa@ss%word"  # as a URI would not take them unescaped
    sql(client, f"CREATE ROLE team LOGIN PASSWORD '{first}'", "CREATE DATABASE team OWNER team")
    give(team, "team-database", username="team", password=first)
    database = {"host": "mlflow-postgres", "database": "team", "credentialsSecretRef": {"name": "team-database"}}
    volume = {"persistentVolume": {"size": "1Gi"}}
    spec = {"backendStore": {"postgres": database}, "artifactStore": volume, "workers": 1}
    team.apply("MLflowServer", "rotated", spec)
    team.until("mlflowserver", "rotated", is_ready, seconds=START_SECONDS)
    before = set(restarts(team, "rotated"))
    sql(client, f"ALTER ROLE team PASSWORD '{second}'")
    give(team, "team-database", username="team", password=second)
    waiting.until(
        lambda: bool(new := restarts(team, "rotated")) and not before & new.keys(),
        what="new pods",
        seconds=START_SECONDS,
    )
    team.until("mlflowserver", "rotated", is_ready, seconds=START_SECONDS)
    status, _ = client.get("http://rotated:5000/api/2.0/mlflow/experiments/search?max_results=1")
    assert status == 200


def test_a_wrong_password_leaves_the_running_server_alone(team: Team) -> None:
    """A bad edit is tried, refused by the database and reported; the pods that run go on running."""
    before, spec = restarts(team, "rotated"), team.get("mlflowserver", "rotated")["spec"]
    give(team, "wrong", username="team", password="some other Pa/ss#word")
    postgres = spec["backendStore"]["postgres"] | {"credentialsSecretRef": {"name": "wrong"}}
    team.apply("MLflowServer", "rotated", {**spec, "backendStore": {"postgres": postgres}})
    stalled = team.until("mlflowserver", "rotated", lambda o: condition(o, "Stalled") != {}, seconds=START_SECONDS)
    found = condition(stalled, "DatabaseReady")
    assert (found["status"], found["reason"]) == ("False", "LoginRefused")
    assert restarts(team, "rotated") == before
    team.apply("MLflowServer", "rotated", spec)
    team.until("mlflowserver", "rotated", is_ready, seconds=START_SECONDS)
    assert restarts(team, "rotated") == before


def test_a_pod_of_the_user_decides(team: Team, client: ClientPod) -> None:
    """It runs restricted, finds MLflow by what it is told, and what it writes as its last word is the result."""
    model = client.create_model("validated", versions=2)
    client.tag(model, "2", "verdict", "good")
    container = {
        "name": "validate",
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", _VALIDATE],
        "env": [{"name": "HOME", "value": "/tmp"}],
    }
    gates = {"jobs": [{"name": "fairness", "template": {"spec": {"containers": [container]}}}]}
    team.promote("validated", model, 1, gates=gates)
    refused = team.until("modelpromotion", "validated", has_reason("GateFailed"), seconds=START_SECONDS)
    assert "the verdict on models:/validated/1 is bad" in condition(refused, "Ready")["message"]
    team.promote("validated", model, 2, gates=gates)
    ready = team.until("modelpromotion", "validated", is_ready, seconds=START_SECONDS)
    assert ready["status"]["gates"][0]["job"]["metrics"] == {"gap": 0.02}
    assert client.holders(model, "Production") == ["2"]


def test_killed_again_and_again_in_the_middle_of_promotions(node: Cluster, team: Team, client: ClientPod) -> None:
    """A kill -9 at random moments between apply and settled: afterwards the right version holds the slot, alone."""
    model = client.create_model("killed", versions=5)
    chance = random.Random(20260101)
    for number in range(KILLS):
        version = str(number % 5 + 1)
        team.promote("killed", model, version)
        time.sleep(chance.random() * 0.3)
        kill_operator(node)
        settled = team.until("modelpromotion", "killed", is_ready, seconds=120)
        assert client.holders(model, "Production") == [version] == settled["status"]["holders"]
    numbers = [entry["number"] for entry in team.status("modelpromotion", "killed")["history"]]
    assert numbers == list(range(KILLS, 0, -1))
