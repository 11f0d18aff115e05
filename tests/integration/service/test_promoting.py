"""A version is brought into its slot by the registry itself, where no claim governs the slot."""

import asyncio

import pytest

from cluster.services.registry import Registry
from mlflow_operator.model_registry import Conflict, Invalid, ModelRegistry, NotFound

pytestmark = pytest.mark.integration


async def test_a_version_goes_into_production_alone(service: ModelRegistry, others: Registry, model: str) -> None:
    """Whoever was there before is archived, also where there were several."""
    others.move(model, "1", "Production")
    others.move(model, "2", "Production", archive=False)
    done = await service.promote_model(model_name=model, version=3, stage="production")
    assert (done.slot, done.previous, done.changed, done.via) == ("stage/Production", (2, 1), True, "mlflow")
    assert others.holders(model, "Production") == ["3"]
    assert others.holders(model, "Archived") == ["1", "2"]


async def test_what_holds_its_slot_already_is_not_written_again(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """MLflow would change its time."""
    await service.promote_model(model, "3", "Staging")
    await service.promote_model(model, "3", alias="champion")
    before = others.versions(model)["3"]["last_updated_timestamp"]
    assert not (await service.promote_model(model, 3, stage="Staging")).changed
    assert not (await service.promote_model(model, 3, alias="champion")).changed
    assert others.versions(model)["3"]["last_updated_timestamp"] == before


async def test_an_alias_moves(service: ModelRegistry, others: Registry, model: str) -> None:
    """It says whom it pointed to."""
    others.alias(model, "champion", "1")
    done = await service.promote_model(model, 2, alias="champion")
    assert (done.slot, done.previous) == ("alias/champion", (1,))
    assert others.aliases(model) == {"champion": "2"}


@pytest.mark.parametrize("stage", ["Archived", "None"])
async def test_stages_that_hold_many_archive_nobody(
    service: ModelRegistry, others: Registry, model: str, stage: str
) -> None:
    """MLflow answers 500 to archiving there."""
    others.move(model, "1", stage, archive=False)
    await service.promote_model(model, 2, stage=stage)
    assert {"1", "2"} <= set(others.holders(model, stage))


async def test_others_stay_where_they_are_if_that_is_asked(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """As with MLflow's own call."""
    others.move(model, "1", "Production")
    await service.promote_model(model, 2, stage="Production", archive_existing=False)
    assert others.holders(model, "Production") == ["1", "2"]


async def test_what_cannot_be_is_said_before_anything_is_written(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """No version, no model, no stage, no slot."""
    with pytest.raises(NotFound, match="version=77"):
        await service.promote_model(model, 77, stage="Production")
    with pytest.raises(NotFound):
        await service.promote_model(f"{model}-not", 1, alias="champion")
    with pytest.raises(Invalid, match="the stages are None, Staging, Production, Archived"):
        await service.promote_model(model, 1, stage="Prod")
    with pytest.raises(Invalid, match="neither a stage nor an alias"):
        await service.promote_model(model, 1)
    with pytest.raises(Invalid, match="one of them"):
        await service.promote_model(model, 1, stage="Production", alias="champion")
    assert {version["current_stage"] for version in others.versions(model).values()} == {"None"}


async def test_of_many_promotions_at_once_none_is_told_a_lie(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """Whoever is told that its version holds the slot was right then; who lost the race is told that."""
    calls = [service.promote_model(model, version, stage="Production") for version in range(1, 6)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(not isinstance(a, BaseException) or isinstance(a, Conflict) for a in answers), answers
    await service.promote_model(model, 5, stage="Production")
    assert others.holders(model, "Production") == ["5"]


async def test_a_promotion_is_seen_at_once_by_who_made_it(service: ModelRegistry, others: Registry, model: str) -> None:
    """What was remembered of the slot is void."""
    others.move(model, "1", "Production")
    others.alias(model, "champion", "1")
    assert (await service.get_version(model, stage="Production")).version == 1
    assert (await service.get_version(model, alias="champion")).version == 1
    await service.promote_model(model, 2, stage="Production")
    await service.promote_model(model, 2, alias="champion")
    assert (await service.get_version(model, stage="Production")).version == 2
    assert (await service.get_version(model, alias="champion")).version == 2
