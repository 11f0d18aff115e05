"""What docs/gates.md says of the pods of gates is what their schema has."""

from typing import Any

import pytest

from mlflow_operator.api import crd
from mlflow_operator.api.modelpromotion import ModelPromotion
from unit.documentation import DOCS, prose, tables, words

ONE_VALUE = {"restartPolicy", "hostNetwork", "hostPID", "hostIPC", "hostPath"}
"""Fields that are there so that the API server answers with a sentence; "a restricted one" says it of all of them."""


def template() -> dict[str, Any]:
    """The schema of a template."""
    schema = crd.build(ModelPromotion)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    gates = schema["properties"]["spec"]["properties"]["gates"]["properties"]
    found: dict[str, Any] = gates["jobs"]["items"]["properties"]["template"]["properties"]
    return found


def said(begin: str, end: str) -> set[str]:
    """The words in a part of the section on the pod."""
    text = prose(DOCS / "gates.md").partition("### The pod")[2]
    return set(words(text.partition(begin)[2].partition(end)[0]))


POD = template()["spec"]["properties"]
PARTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "metadata": ("In `metadata`:", "In `spec`", template()["metadata"]["properties"]),
    "spec": ("In `spec`:", "In the container", POD),
    "container": ("In the container:", "Volumes are", POD["containers"]["items"]["properties"]),
    "volumes": ("Volumes are", "\n\n", POD["volumes"]["items"]["properties"]),
}


@pytest.mark.parametrize(("begin", "end", "schema"), PARTS.values(), ids=PARTS)
def test_every_field_of_the_template_is_named(begin: str, end: str, schema: dict[str, Any]) -> None:
    """A reader knows what of a pod can be written, and nothing is promised that cannot."""
    assert said(begin, end) == schema.keys() - ONE_VALUE - ({"name"} if "emptyDir" in schema else set())


def test_every_variable_is_named() -> None:
    """What the pod is told is in one table."""
    told = {name for row in tables(DOCS / "gates.md", "Variable") for name in words(row[0])}
    about = {"MODEL_NAME", "MODEL_VERSION", "MODEL_URI", "RUN_ID", "BASELINE_VERSION", "BASELINE_URI"}
    assert told == about | {"MLFLOW_TRACKING_URI", "MLFLOW_WORKSPACE", "MLFLOW_TRACKING_SERVER_CERT_PATH"}
