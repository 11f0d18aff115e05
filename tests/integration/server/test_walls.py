"""NetworkPolicies of a server on a real API server, which checks them; who enforces them is with tests/ecosystem."""

import pytest

from cluster.services.team import Team, condition
from integration.server.steps import MANAGED, children, serve, until_children

pytestmark = pytest.mark.integration

WALLS = {f"NetworkPolicy/mlflow{part}" for part in ("", "-prepare", "-postgres", "-object-store")}


def test_walls_go_up_and_come_down_while_the_server_stays_ready(team: Team) -> None:
    """Before any pod starts; without the field nothing of them stays, and no pod is exchanged."""
    server = serve(team, MANAGED, networkPolicy={})
    secured = condition(server, "Secured")
    assert secured["reason"] == "NoLogin"
    assert "the pods of its namespace may read, change and delete everything" in secured["message"]
    found = children(team)
    assert found.keys() >= WALLS
    made = {name: obj["metadata"]["creationTimestamp"] for name, obj in found.items()}
    assert max(made[name] for name in WALLS) <= min(
        made[f"StatefulSet/mlflow-{s}"] for s in ("postgres", "object-store")
    )
    pods = found["Deployment/mlflow"]["spec"]["template"]
    team.apply("MLflowServer", "mlflow", MANAGED)
    until_children(team, lambda left: not WALLS & left.keys(), what="no walls")
    after = team.ready("mlflowserver", "mlflow")
    assert after["status"]["readyReplicas"] == server["status"]["readyReplicas"]
    assert children(team)["Deployment/mlflow"]["spec"]["template"] == pods
