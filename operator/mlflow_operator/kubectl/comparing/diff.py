"""diff: the holder of a slot and the version that is wished, by what MLflow knows of them."""

import asyncio

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.errors import OperatorError
from mlflow_operator.kubectl.comparing import versions
from mlflow_operator.kubectl.comparing.versions import Known
from mlflow_operator.kubectl.reaching.access import reached, server_of
from mlflow_operator.kubectl.terminal.exits import USAGE, WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.output import Output, emit
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from mlflow_operator.kubectl.terminal.running import Command
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot


def diff(place: Place, name: str, named: list[int], output: Output, url: str | None) -> Command:
    """Compare two versions of a claim's model."""

    async def command(person: Person) -> int:
        claim = ModelPromotion.parse(await person.read("ModelPromotion", name))
        left, right = pair(claim, [str(version) for version in named])
        ref, model = claim.spec.server_ref, claim.spec.model
        server = await server_of(person, claim.server_namespace, ref.name)
        async with reached(person, server, place, url=url, workspace=ref.workspace or "") as registry:
            snapshot = await registry.snapshot(model, aliases=False)
            both = [find(snapshot, version) for version in (left, right)]
            one, other = await asyncio.gather(*(_known(registry, version) for version in both))
        emit(output, versions.data(model, one, other), lambda to: versions.show(to, model, one, other))
        return WELL

    return command


def pair(claim: ModelPromotion, named: list[str]) -> tuple[str, str]:
    """The two versions: those that are named; else the holder, or who held the slot before, and the one wished.

    Raises:
        Stop: More than two are named, or there is nothing to compare with.
    """
    if len(named) > 2:
        raise Stop(USAGE, "TooManyVersions", f"{len(named)} versions were named; name two, one or none")
    if len(named) == 2:
        return named[0], named[1]
    right, status = named[0] if named else claim.spec.version, claim.status
    left = next((v for v in (status.current_version, status.previous_version) if v and v != right), None)
    if left is None:
        slot = status.slot or "the slot"
        message = f"no other version than {right} is known to have held {slot}; name two versions"
        raise Stop(WRONG, "NothingToCompare", message)
    return left, right


def find(snapshot: Snapshot, version: str) -> ModelVersion:
    """A version as it is registered.

    Raises:
        Stop: It is not.
    """
    found = snapshot.versions.get(version)
    if found is None:
        newest = max(snapshot.versions, key=int, default="none")
        message = f"version {version} of {snapshot.model} is not registered, the newest is {newest}"
        raise Stop(WRONG, "VersionNotFound", message)
    return found


async def _known(registry: Registry, version: ModelVersion) -> Known:
    run = await registry.run_metrics(version.run) if version.run else {}
    params = await registry.run_parameters(version.run) if version.run else {}
    try:
        logged = await registry.logged_model_metrics(version.logged_model) if version.logged_model else ()
    except OperatorError:
        logged = ()  # a server of MLflow 2 knows no logged models
    return Known(version, versions.measured(run, list(logged)), params)
