"""Servers to build from."""

from dataclasses import replace
from typing import Any, Literal

from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer

Spec = dict[str, Any]

IMAGES = desired.Images(
    "mlflow.example/mlflow:v{version}",
    "mlflow.example/postgres:17",
    "mlflow.example/minio:1",
    "mlflow.example/oauth2-proxy:7",
    "mlflow.example/toolbox:1",
)

MANAGED: dict[str, Any] = {"backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
EXISTING: dict[str, Any] = {
    "backendStore": {
        "postgres": {"host": "db.example.com", "database": "mlflow", "credentialsSecretRef": {"name": "db"}}
    },
    "artifactStore": {"s3": {"bucket": "artifacts", "credentialsSecretRef": {"name": "keys"}}},
}
SQLITE: dict[str, Any] = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}


def server(spec: dict[str, Any], name: str = "mlflow") -> MLflowServer:
    """A server in the namespace `team`."""
    metadata = {"name": name, "namespace": "team", "uid": "5ba7", "generation": 1}
    return MLflowServer.parse({"metadata": metadata, "spec": spec})


def inputs(
    wanted: MLflowServer,
    *,
    existing: frozenset[desired.Key] = frozenset(),
    prepared: frozenset[str] = frozenset(),
    user_ids: Literal["Fixed", "Platform"] = "Fixed",
    namespace: str = "",
) -> desired.Inputs:
    """The inputs of a world in which every reference exists."""
    digests = {reference.key: f"digest of {reference.name}" for reference in desired.references(wanted)}
    generated = dict.fromkeys(desired.generated_secrets(wanted), "drawn-outside")
    return desired.Inputs(
        IMAGES,
        namespace=namespace,
        user_ids=user_ids,
        digests=digests,
        existing=existing,
        prepared=prepared,
        generated=generated,
    )


def prepared(wanted: MLflowServer) -> desired.Desired:
    """What should exist once the preparation has succeeded."""
    first = desired.build(wanted, inputs(wanted))
    assert first.preparation is not None
    assert first.stores is not None
    there = frozenset({("Job", first.preparation)})
    return desired.build(wanted, inputs(wanted, existing=there, prepared=frozenset({first.stores})))


def keys(built: desired.Desired) -> list[desired.Key]:
    """Kind and name of what would be applied."""
    return [(o["kind"], o["metadata"]["name"]) for o in built.objects]


def only(built: desired.Desired, kind: str) -> dict[str, Any]:
    """The one object of a kind."""
    (found,) = (o for o in built.objects if o["kind"] == kind)
    return found


def everything(
    wanted: MLflowServer, *, user_ids: Literal["Fixed", "Platform"] = "Fixed"
) -> dict[desired.Key, dict[str, Any]]:
    """All objects that are applied from the first pass until nothing new comes, in that order."""
    found: dict[desired.Key, dict[str, Any]] = {}
    done: frozenset[str] = frozenset()
    for _ in range(3):
        existing = frozenset(key for key in found if key[0] in ("Secret", "Job"))
        built = desired.build(wanted, inputs(wanted, existing=existing, prepared=done, user_ids=user_ids))
        found |= {(o["kind"], o["metadata"]["name"]): o for o in built.objects}
        done = frozenset({built.stores} if built.stores and ("Job", built.preparation) in found else {})
    for job in planned(wanted, user_ids=user_ids) if wanted.spec.upgrade else ():
        found["Job", job["metadata"]["name"]] = job
    return found


def planned(wanted: MLflowServer, *, user_ids: Literal["Fixed", "Platform"] = "Fixed") -> list[dict[str, Any]]:
    """The Jobs of a migration that was planned, in order."""
    first = desired.build(wanted, inputs(wanted, user_ids=user_ids))
    built = desired.build(wanted, replace(inputs(wanted, user_ids=user_ids), planned=first.stores))
    return [*([built.backup] if built.backup else []), only(built, "Job")]


def container(obj: dict[str, Any]) -> dict[str, Any]:
    """The first container of an object's pods."""
    found: dict[str, Any] = obj["spec"]["template"]["spec"]["containers"][0]
    return found


def variables(obj: dict[str, Any]) -> dict[str, Any]:
    """The environment of the first container; what comes from elsewhere as `Secret/key`."""
    found = {}
    for variable in container(obj)["env"]:
        source = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = f"{source['name']}/{source['key']}" if source else variable.get("value")
    return found
