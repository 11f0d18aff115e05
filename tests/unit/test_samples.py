"""The samples fit the API that they are samples of."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from mlflow_operator.api import crd
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.desired import versions

SAMPLES = Path(__file__).resolve().parents[2] / "manifests" / "samples"
FILES = sorted(SAMPLES.rglob("*.yaml"))
KINDS = {kind.NAMES.kind: kind for kind in crd.KINDS}


def documents(file: Path) -> list[dict[str, Any]]:
    """The objects in a file."""
    return list(yaml.safe_load_all(file.read_text()))


def names(file: Path) -> str:
    """A test's id."""
    return str(file.relative_to(SAMPLES))


@pytest.mark.parametrize("file", FILES, ids=names)
def test_a_sample_is_valid_and_leaves_the_namespace_to_the_user(file: Path) -> None:
    """Our own kinds keep every field that is written; Kubernetes' kinds fit their schema."""
    for item in documents(file):
        assert "namespace" not in item["metadata"]
        if item["apiVersion"] != API_VERSION:
            kubernetes_validate.validate(item, "1.36", strict=True)
            continue
        kind = KINDS[item["kind"]]
        parsed = kind.parse(item | {"metadata": item["metadata"] | {"namespace": "default"}})
        assert unknown(item["spec"], parsed.wire()["spec"]) == []


@pytest.mark.parametrize("file", FILES, ids=names)
def test_a_sample_says_what_it_is_for(file: Path) -> None:
    """It starts with a comment."""
    assert file.read_text().startswith("# ")


@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*/*-job.yaml")), ids=names)
def test_a_job_is_restricted(file: Path) -> None:
    """Users copy it into namespaces that enforce the Pod Security Standard `restricted`."""
    (job,) = (item for item in documents(file) if item["kind"] == "Job")
    pod = job["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_both_servers_have_the_experiments_of_the_guide() -> None:
    """The four default experiments are there in development and in production."""
    for profile in ("quickstart", "production"):
        (server,) = documents(SAMPLES / profile / "mlflowserver.yaml")
        assert [e["name"] for e in server["spec"]["experiments"]] == [
            "resume-parsing-models",
            "scoring-models",
            "baseline-models",
            "semantic-models",
        ]


def unknown(given: Any, kept: Any, path: str = "spec") -> list[str]:
    """Fields that parsing dropped, because no model has them."""
    if isinstance(given, dict):
        lost = [f"{path}.{name}" for name in given if name not in kept]
        return lost + [x for n in given if n in kept for x in unknown(given[n], kept[n], f"{path}.{n}")]
    if isinstance(given, list):
        return [x for i, item in enumerate(given) for x in unknown(item, kept[i], f"{path}[{i}]")]
    return []


def test_every_sample_of_a_server_pins_its_version() -> None:
    """What is copied from here is not upgraded, beyond return, by an upgrade of the operator."""
    found = [item for file in FILES for item in documents(file) if item["kind"] == "MLflowServer"]
    deployed = [item["spec"] for item in found if "external" not in item["spec"]]
    assert {spec.get("version") for spec in deployed} == {versions.DEFAULT}
