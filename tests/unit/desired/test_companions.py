"""What a spec adds to the pods that run MLflow: where it is, and that what it reads is known."""

from typing import Any

import pytest

from mlflow_operator.desired import references
from mlflow_operator.desired.inputs import Reference
from unit.desired.servers import EXISTING, everything, server

VOLUME: dict[str, Any] = {"name": "files", "configMap": {"name": "files"}}
MOUNT: dict[str, Any] = {"name": "files", "mountPath": "/files"}
SPEC: dict[str, Any] = {
    **EXISTING,
    "volumes": [VOLUME],
    "volumeMounts": [MOUNT],
    "sidecars": [{"name": "exporter", "image": "a"}],
    "initContainers": [{"name": "proxy", "image": "b", "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}],
}


def pods(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The pods of the server and of its preparation, by kind."""
    found = everything(server(spec))
    return {kind: obj["spec"]["template"] for (kind, _), obj in found.items() if "template" in obj.get("spec", {})}


def test_volumes_are_where_mlflow_runs_and_containers_beside_never_keep_a_job() -> None:
    """The preparation has the same files and the same proxy before it, and nothing beside it."""
    for kind, beside in (("Deployment", ["exporter"]), ("Job", [])):
        spec = pods(SPEC)[kind]["spec"]
        assert VOLUME in spec["volumes"], kind
        assert MOUNT in spec["containers"][0]["volumeMounts"], kind
        assert [c["name"] for c in spec["containers"][1:]] == beside
        assert [c["name"] for c in spec["initContainers"]] == ["proxy"]


def test_privileges_are_asked_for_and_never_given_by_default() -> None:
    """What a container says of itself counts; the others have none."""
    spec = pods(SPEC)["Deployment"]["spec"]
    none = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert spec["containers"][1]["securityContext"] == none
    assert spec["initContainers"][0]["securityContext"] == none | {"capabilities": {"add": ["NET_ADMIN"]}}


def variable(**source: Any) -> list[dict[str, Any]]:
    """The environment of a container."""
    return [{"name": "A", "valueFrom": source}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"volumes": [VOLUME]}, Reference("ConfigMap", "files", whole=True)),
        (
            {"volumes": [{"name": "a", "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}}]},
            Reference("Secret", "s", frozenset({"k"})),
        ),
        (
            {"volumes": [{"name": "a", "secret": {"secretName": "s", "optional": True}}]},
            Reference("Secret", "s", optional=True, whole=True),
        ),
        (
            {"volumes": [{"name": "a", "projected": {"sources": [{"secret": {"name": "s"}}]}}]},
            Reference("Secret", "s", whole=True),
        ),
        (
            {"sidecars": [{"name": "a", "image": "b", "env": variable(secretKeyRef={"name": "s", "key": "k"})}]},
            Reference("Secret", "s", frozenset({"k"})),
        ),
        (
            {"initContainers": [{"name": "a", "image": "b", "envFrom": [{"configMapRef": {"name": "c"}}]}]},
            Reference("ConfigMap", "c", whole=True),
        ),
    ],
)
def test_what_they_read_is_known(spec: dict[str, Any], expected: Reference) -> None:
    """So it has to be there, and a change of it replaces the pods."""
    assert expected in references(server(EXISTING | spec))


@pytest.mark.parametrize(
    ("spec", "label", "annotation"),
    [
        ({}, "false", "disabled"),
        ({"podLabels": {"sidecar.istio.io/inject": "true"}}, "true", None),
        ({"podAnnotations": {"linkerd.io/inject": "enabled"}}, None, "enabled"),
    ],
)
def test_meshes_leave_the_preparation_alone_unless_somebody_wants_them(
    spec: dict[str, Any], label: str | None, annotation: str | None
) -> None:
    """A sidecar that does not end would keep its Job from ending; the server's pods are left to the mesh."""
    found = pods(EXISTING | spec)
    metadata = found["Job"]["metadata"]
    assert metadata["labels"].get("sidecar.istio.io/inject") == label
    assert metadata.get("annotations", {}).get("linkerd.io/inject") == annotation
    if not spec:
        assert "sidecar.istio.io/inject" not in found["Deployment"]["metadata"]["labels"]


def test_more_files_are_prepared_with() -> None:
    """A bucket that is reached with another authority is tried again; without any, what was prepared before counts."""
    stores = "mlflow.talentflow.ai/stores"
    found = [
        next(
            obj["metadata"]["annotations"][stores] for (kind, _), obj in everything(server(s)).items() if kind == "Job"
        )
        for s in (EXISTING, EXISTING | {"volumeMounts": [MOUNT]}, EXISTING | {"hostAliases": [{"ip": "10.0.0.1"}]})
    ]
    assert found[0] != found[1]
    assert found[0] == found[2]
