"""The cluster is brought back from a backup: every version of every object is older than the operator knew it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.fixtures import available
from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess, install
from cluster.services.registry import Registry
from cluster.services.team import Team, is_ready
from integration.conftest import QUICK

pytestmark = pytest.mark.integration

NAMESPACE = "restored"
HEAL_SECONDS = 120


@pytest.fixture
def plane(session_folder: Path) -> Iterator[ControlPlane]:
    """A control plane of its own, so that nobody else goes back in time."""
    plane = ControlPlane(session_folder / "restored")
    with available():
        plane.start()
    install(plane)
    plane.kubectl("create", "namespace", NAMESPACE)
    yield plane
    plane.remove()


def test_after_a_restored_backup_everything_is_followed_without_a_restart(
    plane: ControlPlane, session_folder: Path, registry: Registry, model: str
) -> None:
    """What was deleted since the backup is there again, what was made since is gone, and wishes are those of then."""
    operator = OperatorProcess(session_folder / "restored-operator", plane, QUICK)
    operator.start()
    try:
        team = Team(plane, NAMESPACE)
        team.external_server(registry.url)
        for name, version in (("kept", 5), ("deleted", 6)):
            team.promote(name, model, version, target={"alias": name})
            team.ready("modelpromotion", name)
        backup = plane.back_up()
        team.delete("modelpromotion", "deleted")
        for version in range(1, 9):
            team.promote("kept", model, version, target={"alias": "kept"})
            team.ready("modelpromotion", "kept")
        team.promote("made", model, 4, target={"alias": "made"})
        team.ready("modelpromotion", "made")
        pid = operator.process.pid
        plane.restore(backup)
        team.promote("kept", model, 3, target={"alias": "kept"})
        team.until("modelpromotion", "kept", is_ready, seconds=HEAL_SECONDS)
        team.promote("deleted", model, 2, target={"alias": "deleted"})
        team.until("modelpromotion", "deleted", is_ready, seconds=HEAL_SECONDS)
        ready = f'mlflow_operator_ready{{kind="ModelPromotion",name="made",namespace="{NAMESPACE}"}}'
        waiting.until(lambda: operator.metric(ready) == 0, what="the claim to be forgotten", seconds=HEAL_SECONDS)
        assert (registry.aliases(model)["kept"], registry.aliases(model)["deleted"]) == ("3", "2")
        assert operator.process.pid == pid
    finally:
        operator.kill()
