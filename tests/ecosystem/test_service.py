"""The service works with each MLflow that docs/model-registry.md names, with logins and without."""

import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from cluster.fixtures import available
from cluster.services.light_mlflow import ADMIN, PASSWORD, on_files, with_logins
from mlflow_operator.model_registry import ModelRegistry
from unit.documentation import DOCS, tables

pytestmark = pytest.mark.ecosystem

PAGE = DOCS / "model-registry.md"
RELEASES = [re.sub(r"[^\d.]", "", row[0]) for row in tables(PAGE, "MLflow server")]
X, Y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]


@pytest.fixture(params=[on_files, with_logins], ids=["plain", "with logins"])
async def registry(
    request: pytest.FixtureRequest, release: str, session_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[ModelRegistry]:
    """The service at a server of some release."""
    server = request.param(session_folder / f"mlflow-{uuid.uuid4().hex[:8]}", version=release)
    with available():
        server.start()
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    async with ModelRegistry() as service:
        yield service
    server.stop()


@pytest.mark.parametrize("release", RELEASES)
async def test_every_call_works_with_every_release(registry: ModelRegistry, release: str) -> None:
    """The guide's listing, and what can be asked of a registry then."""
    health = await registry.health_check()
    assert (health["status"], health.get("version")) == ("healthy", release)
    for accuracy in (0.85, 0.9):
        model = LogisticRegression().fit(X, Y)
        run_id = await registry.log_model(model, "scoring", metrics={"accuracy": accuracy}, compress="zstd")
        version = await registry.register_model(run_id, "scoring", tags={"team": "risk"})
        assert (await registry.promote_model("scoring", version, stage="Production")).changed
        assert (await registry.promote_model("scoring", version, alias="champion")).changed
    (found,) = await registry.list_models()
    assert (found.stages, found.aliases) == ({"Archived": 1, "Production": 2}, {"champion": 2})
    for loaded in (
        await registry.load_model("scoring", 1),
        await registry.load_model("scoring", stage="Production"),
        await registry.load_model("scoring", alias="champion", flavor="pyfunc"),
    ):
        assert list(loaded.predict(X)) == Y
    table = (await registry.compare_models("scoring", [1, 2])).as_dict()
    assert [table[version]["metric"]["accuracy"] for version in (1, 2)] == [0.85, 0.9]
    assert (await registry.metric_history("scoring", "accuracy")).last == {1: 0.85, 2: 0.9}
