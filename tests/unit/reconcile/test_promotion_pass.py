"""A pass over a claim dies, fails or is overtaken at each of its calls, and everything ends as if it had not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mlflow_operator.errors import (
    ApiError,
    ClusterUnavailable,
    Conflict,
    RegistryNotFound,
    RegistryRefused,
    RegistryUnavailable,
)
from mlflow_operator.reconcile import objects
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import MODEL_KEY, REGISTRY_KEY, Simulation, claim_key


@dataclass(frozen=True)
class Story:
    """A claim whose versions are wanted one after the other; the last of them is what gets into trouble."""

    wanted: tuple[int, ...] = (7,)
    spec: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    stages: dict[str, str] = field(default_factory=lambda: {"v6": "Production", "v7": "Staging"})
    holders: tuple[str, ...] = ("7",)
    """The versions in Production in the end."""
    named: dict[str, str] = field(default_factory=dict)
    """The aliases in the end."""
    types: tuple[str, ...] = ("Promote",)
    """The attempts in the end, newest first."""


STORIES = {
    "stage": Story(),
    "surplus": Story(stages={"v5": "Production", "v7": "Production"}, types=("Adopt",)),
    "keep": Story(spec={"existingVersions": "Keep"}, holders=("6", "7")),
    "alias": Story(
        spec={"target": {"alias": "champion"}},
        aliases={"champion": "6"},
        holders=("6",),
        named={"champion": "7"},
    ),
    "mirror": Story(
        spec={"target": {"stage": "Production", "mirrorAlias": "champion"}, "tags": {"team": "risk"}},
        aliases={"champion": "6"},
        named={"champion": "7"},
    ),
    "rollback": Story(
        wanted=(6, 7, 6),
        spec={"requires": {"currentStage": ["Staging"]}},
        holders=("6",),
        types=("Rollback", "Promote", "Adopt"),
    ),
    "signature": Story(spec={"requires": {"signature": True}}),
    "adopted": Story(stages={"v6": "Archived", "v7": "Production"}, types=("Adopt",)),
}
EVERY = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


async def begun(story: Story) -> Simulation:
    """The story up to its last wish, which is applied but not looked at."""
    world = Simulation()
    world.registry.add(story.aliases, **story.stages)
    world.registry.signed = {"6", "7"}
    for version in story.wanted:
        await world.settle()
        world.promote(version=version, **story.spec)
    for record in (world.outside.calls, world.cluster.statuses, world.registry.writes, world.cluster.events):
        record.clear()
    return world


async def undisturbed(story: Story) -> Simulation:
    """The story without trouble, for comparison."""
    world = await begun(story)
    await world.drain()
    return world


def check(world: Simulation, story: Story, at: str) -> None:
    """One holder, the right one; every attempt once, in order, with its result."""
    status = world.status()
    assert tuple(world.registry.holders("Production")) == story.holders, at
    assert world.registry.aliases == story.named, at
    assert world.ready() == ("True", "Promoted"), at
    assert (status.current_version, status.plan) == (str(story.wanted[-1]), None), at
    assert [a.number for a in status.history] == list(range(len(story.wanted), 0, -1)), at
    assert [a.type for a in status.history] == list(story.types), at
    assert {a.result for a in status.history} == {"Promoted"}, at
    assert status.attempt == status.history[0], at
    assert [a.to_version for a in status.history] == [str(v) for v in reversed(story.wanted)], at


async def check_rest(world: Simulation, at: str) -> None:
    """However often it is looked at from now on, nothing is written any more."""
    before = (len(world.cluster.statuses), len(world.registry.writes), len(world.cluster.events))
    await world.settle()
    assert (len(world.cluster.statuses), len(world.registry.writes), len(world.cluster.events)) == before, at


@EVERY
async def test_a_promotion_is_two_status_writes_one_event_and_only_what_differs(story: Story) -> None:
    """The intent, the result, one announcement, and no write to MLflow twice."""
    world = await undisturbed(story)
    check(world, story, "")
    assert (len(world.cluster.statuses), world.cluster.events) == (2, ["Promoted"])
    assert len(set(world.registry.writes)) == len(world.registry.writes)
    await check_rest(world, "")


@EVERY
@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_killed_at_every_call(story: Story, answered: bool) -> None:
    """Whatever had been reached, the next process does the rest of the same attempt, and nothing twice."""
    whole = await undisturbed(story)
    for number, name in enumerate(list(whole.outside.calls)):
        world, at = await begun(story), f"killed at call {number}, {name}"
        (world.outside.after if answered else world.outside.before)[number] = Crash()
        with pytest.raises(Crash):
            await world.settle()
        world.start()
        await world.settle()
        check(world, story, at)
        assert len(world.cluster.statuses) == len(whole.cluster.statuses), at
        assert sorted(world.registry.writes) == sorted(whole.registry.writes), at
        await check_rest(world, at)


@EVERY
async def test_killed_twice_in_one_promotion(story: Story) -> None:
    """A process that dies while it finishes what another had begun leaves no other trace than the one before it."""
    whole = await undisturbed(story)
    for first in range(len(whole.outside.calls)):
        world, at = await begun(story), f"killed at call {first}, and after three calls more"
        world.outside.after |= {first: Crash(), first + 3: Crash()}
        for _ in range(3):
            try:
                await world.settle()
            except Crash:
                world.start()
        check(world, story, at)
        assert sorted(world.registry.writes) == sorted(whole.registry.writes), at
        await check_rest(world, at)


REGISTRY = ("snapshot", "move", "set_alias", "set_version_tag", "model_file")
ERRORS: dict[str, tuple[Exception, tuple[str, ...]]] = {
    "registry away": (RegistryUnavailable("RegistryUnavailable", "no answer"), REGISTRY),
    "registry refuses": (RegistryRefused("AccessDenied", "no"), REGISTRY),
    "registry knows nothing": (RegistryNotFound("ResourceDoesNotExist", "what?"), REGISTRY),
    "registry talks nonsense": (KeyError("registered_model"), REGISTRY),
    "cluster away": (ClusterUnavailable("ClusterUnavailable", "no answer"), ("apply_status", "create")),
    "cluster refuses": (ApiError(403, "Forbidden", "no"), ("apply_status", "create")),
    "conflict": (Conflict(409, "Conflict", "changed"), ("apply_status",)),
}


@EVERY
@pytest.mark.parametrize(("error", "calls"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_a_call_that_fails_once(story: Story, answered: bool, error: Exception, calls: tuple[str, ...]) -> None:
    """Refused, or done with the answer lost on its way: the next look goes on from what is there."""
    whole = await undisturbed(story)
    for number, name in enumerate(list(whole.outside.calls)):
        if name not in calls or (answered and isinstance(error, Conflict)):
            continue
        world, at = await begun(story), f"{error} at call {number}, {name}"
        (world.outside.after if answered else world.outside.before)[number] = error
        await world.settle()
        check(world, story, at)
        assert sorted(world.registry.writes) == sorted(whole.registry.writes), at
        assert len(world.cluster.statuses) <= len(whole.cluster.statuses) + 1, at
        await check_rest(world, at)


async def disturbed(story: Story, number: int, change: Callable[[Simulation], None]) -> Simulation:
    """The story, with something that somebody else does just before a call of the last pass."""
    world = await begun(story)
    world.outside.before[number] = lambda: change(world)
    await world.settle()
    await check_rest(world, f"changed before call {number}")
    return world


async def test_the_wish_changes_under_way() -> None:
    """The write that has begun is finished, its attempt has its result, and the new wish is the next attempt."""
    story = replace(STORIES["mirror"], stages={"v6": "Production", "v7": "Staging", "v8": "Staging"})
    for number in range(len((await undisturbed(story)).outside.calls)):
        world = await disturbed(story, number, lambda w: w.promote(version=8))
        assert world.registry.holders("Production") == ["8"]
        assert (world.registry.aliases, world.ready()) == ({"champion": "8"}, ("True", "Promoted"))
        history = [(a.number, a.to_version, a.result) for a in world.status().history]
        assert history in ([(1, "8", "Promoted")], [(2, "8", "Promoted"), (1, "7", "Promoted")]), number


async def test_somebody_annotates_under_way() -> None:
    """A change that means nothing costs a Conflict, and no second attempt."""
    story = STORIES["stage"]
    for number in range(len((await undisturbed(story)).outside.calls)):
        world = await disturbed(story, number, lambda w: w.cluster.annotate(claim_key(), "somebody/was", "here"))
        check(world, story, f"annotated before call {number}")


async def test_somebody_else_moves_the_slot_under_way() -> None:
    """Moved before the turn: it is archived. Moved after the write: it is reported. Never fought, never overlooked."""
    story = STORIES["stage"]
    for number in range(len((await undisturbed(story)).outside.calls)):
        world = await disturbed(story, number, lambda w: w.registry.transition("6", "Production"))
        held = world.registry.holders("Production")
        assert world.status().holders == held, number
        assert (held, world.ready()[1]) in ((["7"], "Promoted"), (["6"], "DriftDetected")), number


async def test_the_intent_is_about_what_is_there_when_its_turn_comes() -> None:
    """What was known before the wish is not written down: the version that is replaced is the one for a rollback."""
    stages = {"v5": "None", "v6": "Production", "v7": "Staging"}
    story = replace(STORIES["stage"], wanted=(6, 7), stages=stages, types=("Promote", "Adopt"))
    world = await disturbed(story, 0, lambda w: w.registry.transition("5", "Production"))
    check(world, story, "")
    assert (world.status().history[0].from_version, world.status().previous_version) == ("5", "5")


async def test_a_holder_left_by_a_race_is_archived() -> None:
    """MLflow's archiving is not exclusive: others that appear beside ours during the attempt go."""
    story = STORIES["stage"]
    calls = (await undisturbed(story)).outside.calls
    last_look = max(number for number, name in enumerate(calls) if name == "snapshot")
    world = await disturbed(story, last_look, lambda w: w.registry.transition("6", "Production", archive=False))
    check(world, story, "")


async def test_the_version_is_deleted_under_way() -> None:
    """Whatever was reached, it ends in a status that says that the version is not there, and asks for no more."""
    story = STORIES["stage"]
    for number in range(len((await undisturbed(story)).outside.calls)):
        world = await disturbed(story, number, lambda w: w.registry.delete("7"))
        assert world.ready()[1] in ("VersionNotFound", "DriftDetected"), number
        assert "7" not in world.status().holders, number


async def test_the_claim_is_deleted_under_way() -> None:
    """Nothing is left that is looked at, and nothing is remembered."""
    story = STORIES["mirror"]
    for number in range(len((await undisturbed(story)).outside.calls)):
        world = await begun(story)
        world.outside.before[number] = lambda w=world: w.cluster.remove(claim_key())  # type: ignore[misc]
        await world.settle()
        assert (world.queue.later(), objects.claims(world.world.store, MODEL_KEY)) == (set(), set()), number
        assert world.world.models.on(REGISTRY_KEY).models == {}, number


async def test_a_claim_that_is_gone_for_the_api_server_is_not_promoted() -> None:
    """An object that only the operator still remembers does not reach MLflow."""
    world = await begun(STORIES["stage"])
    del world.cluster.objects[claim_key()]
    await world.settle()
    assert (world.registry.writes, world.outside.calls.count("move")) == ([], 0)
