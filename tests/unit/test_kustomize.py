"""kustomize renames what objects of ours refer to, and the references with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mlflow_operator.api import crd

FILE = Path(__file__).resolve().parents[2] / "manifests" / "kustomize" / "namereference.yaml"

IN_CONTAINERS = {
    *("spec/env/valueFrom/secretKeyRef/name", "spec/env/valueFrom/configMapKeyRef/name"),
    *("spec/envFrom/secretRef/name", "spec/envFrom/configMapRef/name"),
}
"""Parts of the Kubernetes API that are passed on."""

NEVER_SET = {"PromotionPolicy": {"spec/gates/webhooks/secretRef/name"}}
"""Fields of a schema that is shared, which a rule of the kind refuses."""


def names(node: dict[str, Any], path: str) -> Iterator[str]:
    """Where a schema has the name of another object: in what is called a reference, and in these."""
    for field, below in node.get("properties", {}).items():
        here = f"{path}/{field}"
        inner = below.get("items", below)
        if "name" in inner.get("properties", {}) and (
            field.endswith("Ref")
            or field in ("pullSecrets", "imagePullSecrets", "serviceAccount", "configMap", "secret")
        ):
            yield f"{here}/name"
        if field in ("secretName", "claimName", "serviceAccountName"):
            yield here
        yield from names(inner, here)


def test_every_reference_of_the_api_is_known_to_kustomize() -> None:
    """A field that names another object is in the file, under the kind that has it, and nothing else is."""
    written: dict[str, set[str]] = {}
    for target in yaml.safe_load(FILE.read_text())["nameReference"]:
        for spec in target["fieldSpecs"]:
            written.setdefault(spec["kind"], set()).add(spec["path"])
    for kind in crd.KINDS:
        schema = crd.build(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        found = set(names(schema, "spec")) | (IN_CONTAINERS if kind.NAMES.kind == "MLflowServer" else set())
        assert written.get(kind.NAMES.kind, set()) == found - NEVER_SET.get(kind.NAMES.kind, set())
