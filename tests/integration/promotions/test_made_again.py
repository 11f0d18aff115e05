"""Claims that are deleted and created again at once are new claims, whatever order the news of it comes in."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import rest, waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, is_ready

pytestmark = pytest.mark.integration

CLAIMS = 40
ROUNDS = 1


@pytest.fixture
def lazy(
    session_folder: Path, installed: ControlPlane, operator_of_session: OperatorProcess
) -> Iterator[OperatorProcess]:
    """The only operator, with a periodic list and a resync that come too late to help."""
    operator_of_session.stop()
    settings = {"REGISTRY_POLL": "5", "SERVER_PROBE": "60", "RELIST": "900", "RESYNC": "900"}
    process = OperatorProcess(session_folder / "lazy", installed, settings)
    process.start()
    yield process
    process.stop()


def claims(team: Team, model: str, version: int) -> list[Object]:
    """Claims on an alias each."""
    return [
        team.object(
            "ModelPromotion",
            f"claim-{number}",
            {
                "serverRef": {"name": "mlflow"},
                "model": model,
                "target": {"alias": f"slot-{number}"},
                "version": version,
            },
        )
        for number in range(CLAIMS)
    ]


def test_every_heir_is_looked_at(lazy: OperatorProcess, team: Team, registry: Registry, model: str) -> None:
    """`kubectl replace --force` of a folder of claims, again and again: each heir is promoted, and inherits nothing."""
    team.external_server(registry.url)
    team.apply_all(claims(team, model, 1))
    team.all_ready("modelpromotion", CLAIMS)
    for number in range(ROUNDS):
        version = number + 2
        items = {"apiVersion": "v1", "kind": "List", "items": claims(team, model, version)}
        team.plane.kubectl("replace", "--force", "--grace-period=0", "-f", "-", text=json.dumps(items))

        def heirs(version: int = version) -> int:
            found = json.loads(team.plane.kubectl("get", "mp", "-n", team.namespace, "-o", "json"))["items"]
            return sum(is_ready(o) and o["status"]["currentVersion"] == str(version) for o in found)

        waiting.until(lambda: heirs() == CLAIMS, what=f"{CLAIMS} heirs at version {version}", seconds=60, pause=0.5)
        history = team.status("modelpromotion", "claim-7")["history"]
        assert [(entry["number"], entry["toVersion"]) for entry in history] == [(1, str(version))]
    assert rest.get(f"{lazy.url}/healthz") == (200, b"ok")
