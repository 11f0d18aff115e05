"""Backups on a real node: made by a CronJob, and restored into new servers, when all else is gone and beside it.

What users have deleted is collected there too, from the same server.
"""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.contents import READ, WORK
from cluster.services.team import Object, Team, is_ready

from .client import ClientPod
from .teams import START_SECONDS, give, restricted_team

pytestmark = pytest.mark.e2e

SQLITE: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}, "workers": 1}
MANAGED: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}, "workers": 1}
NEVER = "0 0 29 2 *"
RUNS = "3"
DELETE = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
run = client.create_run("0").info.run_id
client.log_text(run, "x" * 1000, "notes.txt")
client.delete_run(run)
"""


def serve(team: Team, name: str, spec: Object) -> Object:
    """Apply a server and wait for it."""
    team.apply("MLflowServer", name, spec)
    return team.until("mlflowserver", name, is_ready, seconds=START_SECONDS)


def backed_up(server: Object) -> bool:
    """Whether a backup was made, and was whole."""
    conditions = {c["type"]: c["reason"] for c in server.get("status", {}).get("conditions", [])}
    return conditions.get("BackupReady") == "BackedUp"


def back_up(team: Team, name: str) -> Object:
    """Have a backup made now, as a person does; what the server says of it."""
    team.plane.kubectl("-n", team.namespace, "create", "job", f"--from=cronjob/{name}-backup", f"{name}-now")
    made: Object = team.until("mlflowserver", name, backed_up, seconds=180)["status"]["backup"]["lastSuccessful"]
    return made


def contents(node: Cluster, team: Team, name: str) -> Object:
    """All that MLflow's own client reads of a server."""
    pod = ClientPod(node, team.namespace, f"http://{name}:5000", name=f"reads-{name}")
    found: Object = json.loads(pod.python(READ, pod.url))
    return found


def fill(node: Cluster, team: Team, name: str) -> None:
    """Log runs, artifacts and a model."""
    pod = ClientPod(node, team.namespace, f"http://{name}:5000", name=f"fills-{name}")
    pod.python(WORK, pod.url, RUNS)


@pytest.fixture(scope="module")
def keeper(node: Cluster) -> Iterator[Team]:
    """A team with PostgreSQL and an object store, whose bucket others may keep things in, and some contents."""
    with restricted_team(node) as team:
        for image in (images.TOOLBOX, images.POSTGRES, images.MINIO):
            node.load(image)
        spec = MANAGED | {"backup": {"schedule": NEVER, "destination": {"persistentVolume": {}}}}
        spec["garbageCollection"] = {"schedule": NEVER, "olderThan": "1m"}
        serve(team, "kept", spec)
        fill(node, team, "kept")
        pod = ClientPod(node, team.namespace, "http://kept:5000", name="deletes")
        pod.python(DELETE, pod.url)
        yield team


def test_postgres_and_objects_are_restored_beside_what_goes_on(node: Cluster, keeper: Team) -> None:
    """Onto a volume, and from it into a second server with a database and a bucket of its own; the first goes on."""
    made = back_up(keeper, "kept")
    source = {"persistentVolumeClaim": {"claimName": "kept-backups"}}
    again = serve(keeper, "again", MANAGED | {"bootstrap": {"restore": {"from": source}}})
    assert again["status"]["restored"] == made["name"]
    before = contents(node, keeper, "kept")
    assert len(before["runs"]) == int(RUNS)
    assert contents(node, keeper, "again") == before


def collect(team: Team, number: int) -> Object:
    """Have garbage collected now, as a person does; what the server says of it."""
    name = f"kept-gc-{number}"
    team.plane.kubectl("-n", team.namespace, "create", "job", "--from=cronjob/kept-gc", name)
    uid = team.get("job", name)["metadata"]["uid"]

    def is_told(server: Object) -> bool:
        return bool(server["status"].get("garbageCollection", {}).get("job") == uid)

    told: Object = team.until("mlflowserver", "kept", is_told, seconds=180)["status"]["garbageCollection"]
    return told


def test_what_was_deleted_goes_for_good(keeper: Team) -> None:
    """The database and the bucket lose the run once it was deleted a minute ago, and the server says so."""
    for number in range(8):
        found = collect(keeper, number)["lastSuccessful"]
        if found["runs"]:
            break
        time.sleep(10)
    assert (found["runs"], found["bytes"], found["kept"]) == (1, 1000, 0)


def test_a_server_comes_back_after_its_namespace_is_gone(node: Cluster, keeper: Team) -> None:
    """Copied into a bucket elsewhere; the namespace is deleted with all in it; the same files bring all of it back."""
    secret = keeper.get("secret", "kept-object-store")["data"]
    keys = {key: b64decode(secret[name]).decode() for key, name in (("id", "username"), ("key", "password"))}
    bucket = {
        "bucket": "mlflow",
        "prefix": "backups/of-another",
        "endpoint": f"http://kept-object-store.{keeper.namespace}.svc:9000",
        "credentialsSecretRef": {"name": "bucket", "accessKeyIdKey": "id", "secretAccessKeyKey": "key"},
    }
    spec = SQLITE | {"backup": {"schedule": NEVER, "destination": {"s3": bucket}}}
    with ExitStack() as first:
        team = first.enter_context(restricted_team(node))
        give(team, "bucket", **keys)
        serve(team, "mlflow", spec)
        fill(node, team, "mlflow")
        before, made = contents(node, team, "mlflow"), back_up(team, "mlflow")
        node.kubectl("delete", "namespace", team.namespace, "--timeout=120s")
    with restricted_team(node) as team:
        give(team, "bucket", **keys)
        back = serve(team, "mlflow", spec | {"bootstrap": {"restore": {"from": {"s3": bucket}}}})
        assert back["status"]["restored"] == made["name"]
        assert contents(node, team, "mlflow") == before
