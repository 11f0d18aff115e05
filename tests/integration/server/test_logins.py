"""A server that asks for logins, on a real API server and a real MLflow with basic auth; the preparation is played."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import PaperNode, failing
from cluster.services.light_mlflow import ADMIN, PASSWORD, with_logins
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Object, Team, condition, has_reason
from integration.server.steps import SQLITE, children, secret, uids
from integration.stores.secured import Person
from mlflow_operator.desired.server.auth import GRANTS, OPERATOR

pytestmark = pytest.mark.integration

ROOT = Person(ADMIN, PASSWORD)
BASIC: Object = {**SQLITE, "auth": {"basic": {}}}
ANN: Object = {"name": "ann", "passwordSecretRef": {"name": "people", "key": "ann"}}


@pytest.fixture(scope="module")
def asking(session_folder: Path) -> Iterator[MlflowServer]:
    """An MLflow that asks for logins, and knows its administrator alone."""
    server = with_logins(session_folder / "asking-mlflow")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def paper_node(installed: ControlPlane, asking: MlflowServer) -> Iterator[PaperNode]:
    """The node of the servers' pods, in front of that MLflow."""
    node = PaperNode(installed, asking.url)
    node.start()
    yield node
    node.stop()


def held(team: Team, name: str) -> dict[str, str]:
    """What a Secret holds."""
    return {key: b64decode(value).decode() for key, value in team.get("secret", name)["data"].items()}


def made(team: Team) -> bool:
    """Whether the operator has made its login."""
    return "Secret/mlflow-auth" in children(team)


def played(team: Team, asking: MlflowServer) -> None:
    """What the preparation does on the database: the operator's user, with the password of the Secret."""
    waiting.until(lambda: made(team), what="the operator's login", seconds=20)
    password = held(team, "mlflow-auth")["password"]
    user = {"username": OPERATOR, "password": password}
    if ROOT.asks(asking.url, "users/create", user).status != 200:
        assert ROOT.asks(asking.url, "users/update-password", user, "PATCH").status == 200
        return
    for kind, resource, permission in GRANTS:
        grant = {"username": OPERATOR, "resource_type": kind, "resource_id": resource, "permission": permission}
        assert ROOT.asks(asking.url, "/api/3.0/mlflow/users/permissions/grant", grant).status == 200


def serving(team: Team, asking: MlflowServer, spec: Object = BASIC) -> Object:
    """The server `mlflow`, ready."""
    team.apply("MLflowServer", "mlflow", spec)
    played(team, asking)
    return team.ready("mlflowserver", "mlflow")


def jobs(team: Team) -> set[str]:
    """The preparations that there are."""
    return {name for name in children(team) if name.startswith("Job/")}


def test_a_promotion_on_it_needs_no_field_more(team: Team, asking: MlflowServer) -> None:
    """The operator tries its store, makes its experiments and moves its models, with a user of its own."""
    server = serving(team, asking, {**BASIC, "experiments": [{"name": f"e-{team.namespace}", "tags": {"a": "b"}}]})
    for type_ in ("ServerReady", "ExperimentsReady", "ArtifactStoreReady"):
        assert condition(server, type_)["status"] == "True", type_
    assert "through the server" in condition(server, "ArtifactStoreReady")["message"]
    model = f"m-{team.namespace}"
    ROOT.asks(asking.url, "registered-models/create", {"name": model})
    ROOT.asks(asking.url, "model-versions/create", {"name": model, "source": f"s3://elsewhere/{model}"})
    team.promote("claim", model, 1, tags={"approved": "yes"})
    team.ready("modelpromotion", "claim")
    found = json.loads(ROOT.asks(asking.url, f"model-versions/get?name={model}&version=1").body)["model_version"]
    assert found["current_stage"] == "Production"
    assert {"key": "approved", "value": "yes"} in found["tags"]


def test_an_operator_that_is_not_let_in_says_so(team: Team, asking: MlflowServer) -> None:
    """Such as by a database that somebody has brought back from before; the next preparation mends it."""
    serving(team, asking)
    changed = {"username": OPERATOR, "password": "somebody-has-changed-it"}
    assert ROOT.asks(asking.url, "users/update-password", changed, "PATCH").status == 200
    team.until("mlflowserver", "mlflow", has_reason("AccessDenied"))
    played(team, asking)
    team.ready("mlflowserver", "mlflow")


def test_a_new_password_begins_a_preparation_and_no_rollout(team: Team, asking: MlflowServer) -> None:
    """Of the administrator's and a user's; a Secret that was made and is deleted is drawn anew, and prepared too."""
    secret(team, "people", ann="a-password-of-ann")
    serving(team, asking, {**SQLITE, "auth": {"basic": {"users": [ANN]}}})
    deployment, before = team.get("deployment", "mlflow")["metadata"], jobs(team)
    drawn = held(team, "mlflow-admin")
    secret(team, "people", ann="another-password-of-ann")
    waiting.until(lambda: not jobs(team) <= before, what="another preparation", seconds=20)
    team.ready("mlflowserver", "mlflow")
    second = jobs(team)
    team.delete("secret", "mlflow-admin")
    waiting.until(lambda: not jobs(team) <= second, what="a third preparation", seconds=30)
    assert held(team, "mlflow-admin")["password"] != drawn["password"]
    team.ready("mlflowserver", "mlflow")
    after = team.get("deployment", "mlflow")["metadata"]
    assert (after["uid"], after["generation"]) == (deployment["uid"], deployment["generation"])


def test_what_is_wrong_with_a_login_is_the_reason_of_ready(team: Team, paper_node: PaperNode) -> None:
    """What the preparation says of it; no pod starts before."""
    paper_node.endings[team.namespace] = failing("logins", "SecretNotUsable", "the password of user ann is too short")
    secret(team, "people", ann="short")
    team.apply("MLflowServer", "mlflow", {**SQLITE, "auth": {"basic": {"users": [ANN]}}})
    server = team.until("mlflowserver", "mlflow", has_reason("SecretNotUsable"))
    assert condition(server, "Stalled")["status"] == "True"
    assert "Deployment/mlflow" not in children(team)


def test_a_user_whose_secret_is_missing_is_waited_for(team: Team) -> None:
    """By name; nothing is prepared with half of the users."""
    team.apply("MLflowServer", "mlflow", {**SQLITE, "auth": {"basic": {"users": [ANN]}}})
    server = team.until("mlflowserver", "mlflow", has_reason("SecretNotFound"))
    assert "Secret people" in condition(server, "Ready")["message"]
    assert jobs(team) == set()


def test_no_password_is_anywhere_but_in_its_secret(team: Team, asking: MlflowServer, operator: OperatorProcess) -> None:
    """Neither in a pod, an Event or a status, nor in what the operator logs; and the Secrets go with the server."""
    secret(team, "people", ann="a-password-of-ann")
    serving(team, asking, {**SQLITE, "auth": {"basic": {"users": [ANN]}}})
    own = held(team, "mlflow-auth")
    words = [held(team, "mlflow-admin")["password"], own["password"], own["session-key"], "a-password-of-ann"]
    kinds = "pods,jobs,deployments,configmaps,mlflowservers,events.events.k8s.io"
    told = team.plane.kubectl("get", kinds, "-n", team.namespace, "-o", "json") + operator.process.log.read_text()
    assert [word for word in words if word in told] == []
    owned = children(team)
    assert {"Secret/mlflow-admin", "Secret/mlflow-auth"} <= uids(owned).keys()
    team.delete("mlflowserver", "mlflow")
    waiting.until(lambda: not [n for n in children(team) if n.startswith("Secret/")], what="no Secret", seconds=60)
