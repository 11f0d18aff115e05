"""What held data, or opened them, and is gone."""

import json

import pytest

from cluster.services.team import Object, Team, condition, has_reason
from integration.server.steps import MANAGED, SQLITE, children, patch, serve

pytestmark = pytest.mark.integration


def lose(team: Team, kind: str, name: str) -> Object:
    """Delete an object as somebody who does not ask; what it was."""
    before = team.get(kind, name)
    if kind == "persistentvolumeclaim":  # nothing protects it, as the paper node mounts nothing
        patch(team, f"{kind}/{name}", {"metadata": {"finalizers": None}})
    team.plane.kubectl("delete", kind, name, "-n", team.namespace, "--wait=false")
    return before


def restore(team: Team, obj: Object) -> None:
    """Put it back, as a backup tool does."""
    kept = {key: obj["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    body = {**{key: value for key, value in obj.items() if key != "status"}, "metadata": kept}
    team.plane.kubectl("create", "-f", "-", text=json.dumps(body))


@pytest.mark.parametrize(
    ("spec", "name"), [(MANAGED, "mlflow-postgres"), (SQLITE, "mlflow-artifacts")], ids=["managed", "artifacts"]
)
def test_a_lost_claim_is_not_replaced_by_an_empty_one(team: Team, spec: Object, name: str) -> None:
    """Stalled with what to do; restored, the server goes on."""
    serve(team, spec)
    claim = lose(team, "persistentvolumeclaim", name)
    stalled = team.until("mlflowserver", "mlflow", has_reason("DataMissing"))
    assert f"PersistentVolumeClaim {name}" in condition(stalled, "Stalled")["message"]
    assert f"PersistentVolumeClaim/{name}" not in children(team)
    restore(team, claim)
    team.ready("mlflowserver", "mlflow")


def test_a_lost_password_is_not_drawn_anew(team: Team) -> None:
    """While the data that it opens are there; restored, the server goes on."""
    serve(team, MANAGED)
    secret = lose(team, "secret", "mlflow-postgres")
    stalled = team.until("mlflowserver", "mlflow", has_reason("CredentialsLost"))
    assert "Secret mlflow-postgres" in condition(stalled, "Stalled")["message"]
    assert "Secret/mlflow-postgres" not in children(team)
    restore(team, secret)
    team.ready("mlflowserver", "mlflow")
    assert team.get("secret", "mlflow-postgres")["data"] == secret["data"]
