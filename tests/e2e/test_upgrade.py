"""Another release of MLflow, another password and no way back, on real pods, under clients that never pause.

PostgreSQL and MinIO are those of a server that is scaled to nothing, and not of the server that is upgraded: its
database is one that somebody else runs, whose passwords change.
"""

import json
from collections.abc import Iterator

import pytest

from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.team import Object, Team, condition, has_reason, is_ready
from e2e.client import ClientPod
from e2e.clients import Clients
from e2e.teams import START_SECONDS, give, pods, restricted_team

pytestmark = pytest.mark.e2e

OLD, NEW = "3.14.0", "3.17.2"
FIRST, SECOND = "the first of the team's", "the second of the team's"
STORES: Object = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}, "replicas": 0}
SPEC: Object = {
    "backendStore": {
        "postgres": {"host": "stores-postgres", "database": "team", "credentialsSecretRef": {"name": "database"}}
    },
    "artifactStore": {
        "s3": {
            "bucket": "mlflow",
            "prefix": "of-the-team",
            "endpoint": "http://stores-object-store:9000",
            "credentialsSecretRef": {
                "name": "stores-object-store",
                "accessKeyIdKey": "username",
                "secretAccessKeyKey": "password",
            },
        }
    },
    "backup": {"schedule": "0 0 29 2 *", "destination": {"persistentVolume": {}}},
    "upgrade": {"backupFirst": True},
    "workers": 1,
}
_SQL = """
import json, os, psycopg2, sys
owner = {"user": os.environ["OWNER"], "password": os.environ["OWNER_PASSWORD"]}
connection = psycopg2.connect(host="stores-postgres", dbname="mlflow", **owner)
connection.autocommit = True
for statement in json.load(sys.stdin):
    connection.cursor().execute(statement)
"""


@pytest.fixture(scope="module")
def team(node: Cluster) -> Iterator[Team]:
    """A team with stores, and a pod that looks after its database."""
    with restricted_team(node) as team:
        for image in (images.TOOLBOX, images.POSTGRES, images.MINIO, images.server(OLD)):
            node.load(image)
        team.apply("MLflowServer", "stores", STORES)
        team.until("mlflowserver", "stores", lambda o: bool(o["status"]["prepared"]), seconds=START_SECONDS)
        yield team


@pytest.fixture(scope="module")
def owner(node: Cluster, team: Team) -> ClientPod:
    """A pod that may do anything in the database."""
    env = {"OWNER": "username", "OWNER_PASSWORD": "password"}
    keys = {variable: {"name": "stores-postgres", "key": key} for variable, key in env.items()}
    return ClientPod(node, team.namespace, "http://mlflow:5000", name="owner", env=keys)


@pytest.fixture(scope="module")
def clients(node: Cluster, team: Team, owner: ClientPod) -> Iterator[Clients]:
    """They ask a server of the old release from now on; in the end nothing has failed, in no step and between them."""
    sql(owner, f"CREATE ROLE first LOGIN PASSWORD '{quoted(FIRST)}'", "CREATE DATABASE team OWNER first")
    give(team, "database", username="first", password=FIRST)
    team.apply("MLflowServer", "mlflow", {**SPEC, "version": OLD})
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    asking = Clients(ClientPod(node, team.namespace, "http://mlflow:5000"))
    yield asking
    whole = asking.end()
    print(f"all: {whole}")
    assert whole.failed == {}


def sql(owner: ClientPod, *statements: str) -> None:
    """Have statements run; some of them have passwords in them."""
    owner.python(_SQL, text=json.dumps(statements))


def quoted(text: str) -> str:
    """As SQL has it between quotes."""
    return text.replace("'", "''")


def test_another_release_comes_after_a_backup_and_without_a_failed_request(team: Team, clients: Clients) -> None:
    """The schema is another one, the backup is of the release before, and the Event says what was to come."""
    before = team.status("mlflowserver", "mlflow")
    assert before["version"] == OLD
    with clients.during("upgrade") as step:
        team.apply("MLflowServer", "mlflow", {**SPEC, "version": NEW})
        after = team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)["status"]
    assert (after["version"], step.failed) == (NEW, {})
    assert min(step.asked.values()) > 0
    assert after["schemaRevision"] != before["schemaRevision"]
    assert after["backup"]["lastSuccessful"]["artifacts"] > 0
    said = {event["reason"]: event["note"] for event in team.events("mlflow")}
    assert f"from revision {before['schemaRevision']} to {after['schemaRevision']}" in said["MigrationPlanned"]
    assert "its largest tables are" in said["MigrationPlanned"]
    assert {"BackingUpFirst", "Migrating"} < said.keys()


def test_another_password_comes_without_a_failed_request(team: Team, owner: ClientPod, clients: Clients) -> None:
    """A second login of the same rights, and the first one ends when the pods have been replaced."""
    before = {pod["metadata"]["name"] for pod in pods(team)}
    sql(owner, f"CREATE ROLE second LOGIN PASSWORD '{quoted(SECOND)}' IN ROLE first")
    with clients.during("another password") as step:
        give(team, "database", username="second", password=SECOND)
        team.until(
            "mlflowserver",
            "mlflow",
            lambda o: is_ready(o) and not before & {pod["metadata"]["name"] for pod in pods(team)},
            seconds=START_SECONDS,
        )
        sql(owner, "ALTER ROLE first NOLOGIN")
    assert (step.failed, min(step.asked.values()) > 0) == ({}, True)


def test_a_downgrade_is_refused_and_what_runs_goes_on(team: Team, clients: Clients) -> None:
    """It says why, and back is back at once: the same pods, which never stopped to answer."""
    before = {pod["metadata"]["name"] for pod in pods(team)}
    with clients.during("downgrade") as step:
        team.apply("MLflowServer", "mlflow", {**SPEC, "version": OLD})
        stalled = team.until("mlflowserver", "mlflow", has_reason("DatabaseNewer"), seconds=START_SECONDS)
        assert "restore a backup" in condition(stalled, "Ready")["message"]
        assert condition(stalled, "ServerReady")["status"] == "True"
        assert stalled["status"]["version"] == NEW
        team.apply("MLflowServer", "mlflow", {**SPEC, "version": NEW})
        team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    assert (step.failed, min(step.asked.values()) > 0) == ({}, True)
    assert {pod["metadata"]["name"] for pod in pods(team)} == before
