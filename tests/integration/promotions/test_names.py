"""Whatever people write into names, tags and annotations arrives as they wrote it, in MLflow and in the cluster."""

import json
import uuid

import pytest

from cluster.host import waiting
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team

pytestmark = pytest.mark.integration

NAMES = ["fraud 🚀", 'it\'s the "best"', "back\\slash 'a' \"b\"", "100 % _ * ? & # + ; =", "模型"]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_any_name_is_promoted(served: Team, registry: Registry, name: str) -> None:
    """With tags of any text; the status says the same."""
    model = registry.create_model(f"{name} {uuid.uuid4().hex[:6]}", versions=2)
    # Another model that the same pattern fits, should somebody search by pattern.
    registry.create_model(model.replace("'", "x").replace('"', "y").replace("\\", "z") + "-", versions=3)
    served.promote("odd", model, 2, tags={"note": "👍 模型 \u2028 x"})
    status = served.ready("modelpromotion", "odd")["status"]
    assert status["currentVersion"] == "2"
    assert model in json.dumps(status["conditions"], ensure_ascii=False) or model in status["modelURI"]


def test_a_child_has_the_text_of_its_server(team: Team, operator: OperatorProcess) -> None:
    """Annotations are passed on with pictograms and line ends of any kind."""
    text = "👩\u200d👩\u200d👧 \u2028 x"
    spec: dict[str, object] = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
    team.apply("MLflowServer", "mlflow", {**spec, "service": {"annotations": {"note": text}}})

    def written() -> bool:
        return "mlflow" in team.plane.kubectl("get", "service", "-n", team.namespace, "-o", "name")

    waiting.until(written, what="the Service", seconds=30)
    assert team.get("service", "mlflow")["metadata"]["annotations"]["note"] == text
