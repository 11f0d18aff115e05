"""A server that stays where it is, of whatever release: promotions on it are governed all the same."""

from pathlib import Path

import pytest

from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from cluster.services.team import Team, is_ready
from integration.releases.installed import RELEASES

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("version", RELEASES[:3])
def test_a_version_is_promoted_on_a_server_of_an_early_release(version: str, team: Team, tmp_path: Path) -> None:
    """By stage and by alias, with a gate on what was measured."""
    server = MlflowServer(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", str(tmp_path / "artifacts"), version=version)
    server.start()
    try:
        registry = Registry(server.url)
        model = registry.create_model("scoring", versions=2)
        team.external_server(server.url)
        assert team.until("mlflowserver", "mlflow", is_ready)["status"]["version"] == version
        measured = registry.add_measured_version(model, registry.run(accuracy=0.85))
        gates = {"metrics": [{"name": "accuracy", "metric": "accuracy", "min": 0.8}]}
        team.promote("production", model, int(measured), gates=gates)
        team.promote("champion", model, 1, target={"alias": "champion"})
        for claim in ("production", "champion"):
            team.until("modelpromotion", claim, is_ready)
        assert registry.holders(model, "Production") == [measured]
        assert registry.aliases(model) == {"champion": "1"}
    finally:
        server.stop()
