"""A promotion that the registry itself writes: looked at before, and once more after it.

MLflow has no compare-and-swap, and its archiving is not exclusive: of several moves at once more than one version may
stay in the stage. So who has moved looks again, archives what was there before, and reports what was not.
"""

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Conflict, Invalid
from mlflow_operator.model_registry.metadata.registry import Registry
from mlflow_operator.model_registry.results import SINGLE, ModelVersion, Promotion, Slot


async def promote(
    registry: Registry, name: str, version: int, slot: Slot, until: Deadline, *, archive: bool
) -> Promotion:
    """The version holds the slot; of a stage alone, with ``archive``, where the stage has one holder.

    Raises:
        NotFound: No such model or version.
        Invalid: MLflow has not finished registering the version, or never will.
        Conflict: Somebody else has moved the slot in between.
    """
    found = await registry.version(name, version, until, young=True)
    if found.status != "READY":
        raise Invalid(f"version {version} of {name} is {found.status}, and has to be READY to hold {slot}")
    try:
        if slot.kind == "alias":
            return await _point(registry, found, slot, until)
        return await _move(registry, found, slot, until, archive=archive and slot.name in SINGLE)
    finally:
        await registry.changed(name)


async def _point(registry: Registry, found: ModelVersion, slot: Slot, until: Deadline) -> Promotion:
    before = (await registry.model(found.model, until, young=True)).aliases.get(slot.name)
    previous = () if before is None else (before,)
    if before == found.version:
        return Promotion(found.model, found.version, str(slot), previous, changed=False, via="mlflow")
    body = {"name": found.model, "alias": slot.name, "version": str(found.version)}
    await registry.rest.write("POST", "registered-models/alias", body, deadline=until)
    after = (await registry.model(found.model, until, young=True)).aliases.get(slot.name)
    if after != found.version:
        raise _moved(found, slot, after)
    return Promotion(found.model, found.version, str(slot), previous, changed=True, via="mlflow")


async def _move(registry: Registry, found: ModelVersion, slot: Slot, until: Deadline, *, archive: bool) -> Promotion:
    before = await _holders(registry, found.model, slot, until)
    others = [holder for holder in before if holder != found.version]
    held = found.version in before
    if held and not (archive and others):
        return Promotion(found.model, found.version, str(slot), tuple(before), changed=False, via="mlflow")
    await _transition(registry, found.model, found.version, slot.name, until, archive=archive)
    after = await _holders(registry, found.model, slot, until)
    if found.version not in after:
        raise _moved(found, slot, after[0] if after else None)
    for other in [holder for holder in after if archive and holder in others]:
        await _transition(registry, found.model, other, "Archived", until, archive=False)
    new = [holder for holder in after if archive and holder not in [*before, found.version]]
    if new:
        raise _moved(found, slot, new[0])
    return Promotion(found.model, found.version, str(slot), tuple(before), changed=True, via="mlflow")


async def _holders(registry: Registry, name: str, slot: Slot, until: Deadline) -> list[int]:
    """The versions in a stage, newest first."""
    versions = await registry.versions(name, until, young=True)
    return [version.version for version in reversed(versions) if version.stage == slot.name]


async def _transition(
    registry: Registry, name: str, version: int, stage: str, until: Deadline, *, archive: bool
) -> None:
    body = {"name": name, "version": str(version), "stage": stage, "archive_existing_versions": archive}
    await registry.rest.write("POST", "model-versions/transition-stage", body, deadline=until)


def _moved(found: ModelVersion, slot: Slot, holder: int | None) -> Conflict:
    now = "nobody holds it" if holder is None else f"version {holder} holds it"
    return Conflict(
        f"somebody else has moved {slot} of {found.model} while version {found.version} was promoted: {now} now; "
        "agree on one, and promote it again"
    )
