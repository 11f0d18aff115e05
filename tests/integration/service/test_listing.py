"""The listing of the setup guide runs as it is written there, import line aside."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sklearn.linear_model import LogisticRegression

import mlflow_operator.model_registry as package
from cluster.services.light_mlflow import ADMIN, PASSWORD
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from mlflow_operator.model_registry import ModelRegistry

pytestmark = pytest.mark.integration

X, Y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]


@pytest.fixture(params=["plain", "with logins"])
def guide_server(
    request: pytest.FixtureRequest, plain_mlflow: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> MlflowServer:
    """The MLflow of the guide, by the variables that the guide sets."""
    server = plain_mlflow
    if request.param == "with logins":
        secured: MlflowServer = request.getfixturevalue("secured_mlflow")
        server = secured
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    server.start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    return server


@pytest.fixture
async def model_registry(guide_server: MlflowServer) -> AsyncIterator[ModelRegistry]:
    """The ready instance, which is made anew for each server."""
    package.__dict__.pop("model_registry", None)
    yield package.model_registry
    await package.model_registry.close()
    del package.__dict__["model_registry"]


async def test_the_listing_of_the_guide(model_registry: ModelRegistry) -> None:
    """Logged, registered, promoted, loaded; and what is loaded predicts what was trained."""
    trained_model = LogisticRegression(C=1.0, solver="liblinear").fit(X, Y)

    # Log a model
    run_id = await model_registry.log_model(
        model=trained_model,
        model_name="candidate_scoring_model",
        metrics={"accuracy": 0.85, "f1_score": 0.82},
        params={"C": 1.0, "solver": "liblinear"},
    )

    # Register the model
    version = await model_registry.register_model(run_id=run_id, model_name="candidate_scoring_model")

    # Promote to production
    await model_registry.promote_model(model_name="candidate_scoring_model", version=version, stage="Production")

    # Load production model
    model = await model_registry.load_model(model_name="candidate_scoring_model", stage="Production")
    assert list(model.predict(X)) == list(trained_model.predict(X))

    health = await model_registry.health_check()
    assert health["status"] == "healthy"


async def test_a_model_that_others_have_promoted_is_loaded_when_its_time_has_come(
    plain_mlflow: MlflowServer, others: Registry
) -> None:
    """What was remembered of the slot runs out; this object's own promotion counts at once."""
    name = f"scoring-{uuid.uuid4().hex[:8]}"
    async with ModelRegistry(plain_mlflow.url, cache_ttl=1) as registry:
        for answer in (0, 1):
            model = LogisticRegression().fit([[0.0], [1.0]], [answer, 5])
            run_id = await registry.log_model(model, name)
            await registry.register_model(run_id, name)
        await registry.promote_model(name, 1, alias="champion")
        assert list((await registry.load_model(name, alias="champion")).predict([[-9.0]])) == [0]
        await registry.promote_model(name, 2, alias="champion")
        assert list((await registry.load_model(name, alias="champion")).predict([[-9.0]])) == [1]
        others.alias(name, "champion", "1")
        await asyncio.sleep(1.1)
        assert list((await registry.load_model(name, alias="champion")).predict([[-9.0]])) == [0]
