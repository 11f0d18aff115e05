"""Asks a server whether it works, in the way in which its users would find out that it does not."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import Experiment
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.desired.server.auth import PROBED_EXPERIMENT
from mlflow_operator.errors import OperatorError, RegistryRefused, Terminal, Waiting

_CONTENT = b"written, read and deleted by mlflow-operator to see that the artifact store works\n"
_FOLDER = ".mlflow-operator"


def folder(server: MLflowServer) -> str:
    """Where artifacts are tried: where logins are asked for, below an experiment, as only admins write elsewhere."""
    return f"{PROBED_EXPERIMENT}/{_FOLDER}" if server.spec.auth.basic else _FOLDER


async def api(registry: Registry) -> None:
    """Ask for something that needs the database: /health answers without it.

    Raises:
        RegistryUnavailable: Nobody answered, or the database did not.
        RegistryRefused: The credentials, or the host name, are not accepted.
    """
    await registry.ping()


async def lets_in(stranger: Registry) -> bool | None:
    """Whether somebody is answered who has no login; None where nobody could say."""
    try:
        await api(stranger)
    except RegistryRefused as error:
        return False if error.reason == "AccessDenied" else None
    except OperatorError:
        return None
    return True


async def list_artifacts(registry: Registry, folder: str) -> None:
    """List a folder through the server, with the server's own credentials: nothing stays of it.

    Raises:
        RegistryUnavailable, RegistryRefused: It did not work.
    """
    await registry.list_artifacts(folder)


async def write_artifact(registry: Registry, folder: str, name: str) -> str | None:
    """Write, read and delete an artifact through the server; what kept it from being deleted, if anything did.

    Args:
        registry: the server.
        folder: in its artifact store.
        name: one that nobody else has, since some stores do not let anything be written over.

    Raises:
        RegistryUnavailable, RegistryRefused: It could not be written or read.
        Waiting: What was read is not what was written.
    """
    path = f"{folder}/{name}"
    await registry.put_artifact(path, _CONTENT)
    if await registry.get_artifact(path) != _CONTENT:
        raise Waiting("ArtifactDiffers", "an artifact was read back with another content than was written")
    try:
        await registry.delete_artifact(path)
        # MLflow does not look whether a bucket has deleted what it was told to.
        return "the store keeps it" if name in await registry.list_artifacts(folder) else None
    except OperatorError as error:
        return error.message


async def experiments(registry: Registry, wanted: list[Experiment]) -> None:
    """Create the experiments that are missing, bring back deleted ones, set missing tags; delete nothing.

    Raises:
        RegistryUnavailable, RegistryRefused: MLflow did not answer, or said no.
        Terminal: An experiment exists with its artifacts elsewhere, which MLflow cannot change.
    """
    for experiment in wanted:
        await _ensure(registry, experiment)


async def _ensure(registry: Registry, wanted: Experiment) -> None:
    found = await registry.experiment(wanted.name)
    if found is None:
        await registry.create_experiment(wanted.name, wanted.tags, wanted.artifact_location)
        return
    if found["lifecycle_stage"] == "deleted":
        await registry.restore_experiment(found["experiment_id"])
    tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
    for key, value in wanted.tags.items():
        if tags.get(key) != value:
            await registry.set_experiment_tag(found["experiment_id"], key, value)
    if wanted.artifact_location not in (None, found["artifact_location"]):
        message = (
            f"experiment {wanted.name} keeps its artifacts in {found['artifact_location']}, the spec says "
            f"{wanted.artifact_location}; MLflow cannot move them: correct artifactLocation, or use another name"
        )
        raise Terminal("ArtifactLocationDiffers", message)
