"""How often, and at what, MLflow is asked: rarely where nothing happens, soon where somebody waits, and never not."""

import pytest

from mlflow_operator.errors import RegistryRefused, RegistryUnavailable
from mlflow_operator.reconcile.promotions.models import Waiting
from unit.reconcile.stage.simulation import MODEL_KEY, REGISTRY_KEY, Simulation, claim_key

AWAY = RegistryUnavailable("RegistryUnavailable", "no answer")
LOOKS = ("snapshot", "mark", "survey")


async def content(*names: str) -> Simulation:
    """Claims on one model that are settled: one on Production, or several on an alias each."""
    world = Simulation()
    world.registry.add(v6="Archived", v7="Staging")
    for name in names or ("fraud",):
        world.promote(name, **({"target": {"alias": name}} if names else {}))
    await world.settle()
    return world


async def test_a_quiet_model_is_not_read() -> None:
    """One look for all claims, which shows that nothing has changed."""
    world = await content("fraud", "other")
    world.outside.calls.clear()
    for _ in range(5):
        await world.look()
    assert world.outside.calls == ["mark"] * 5


async def test_own_writes_are_not_read_again() -> None:
    """The first look after a promotion finds what the promotion has seen."""
    world = await content()
    world.registry.add(v8="Staging")
    world.promote(version=8)
    await world.drain()
    world.outside.calls.clear()
    await world.look()
    assert world.outside.calls == ["mark"]


async def test_an_alias_that_moved_right_after_a_promotion_is_seen() -> None:
    """Aliases move no time of their model: the first look after an own write compares where they point."""
    world = Simulation()
    world.registry.add(v6="None", v7="None")
    world.promote(target={"alias": "champion"})
    await world.drain()
    assert world.ready() == ("True", "Promoted")
    world.registry.aliases["champion"] = "6"
    await world.look()
    assert world.ready() == ("False", "DriftDetected")


async def test_a_signature_is_asked_for_once() -> None:
    """A version never changes its files: a claim that waits for a tag does not have them read at each look."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.registry.signed.add("7")
    world.promote(requires={"signature": True, "tags": [{"key": "approved"}]})
    for _ in range(5):
        world.queue.elapse()
        await world.drain()
    calls = world.outside.calls
    assert (world.ready()[1], calls.count("snapshot") > 1, calls.count("model_file")) == ("TagMissing", True, 1)


async def test_every_claim_is_looked_at_again() -> None:
    """Whatever got lost is found by the slow resync, which comes within its time."""
    world = await content()
    assert 0 < world.queue.seconds(claim_key()) <= 1.1 * world.world.settings.resync


async def test_a_deleted_version_is_read_once() -> None:
    """A deletion moves the model's time and no version's: what was read after it is not read again each time."""
    world = await content()
    world.registry.delete("6")
    await world.look()
    world.outside.calls.clear()
    for _ in range(3):
        await world.look()
    assert world.outside.calls == ["mark"] * 3


@pytest.mark.parametrize("registered", [24, 25])
async def test_all_models_are_listed_where_that_costs_less(registered: int) -> None:
    """One list for everything, unless the registry is much larger than what is claimed of it."""
    world = await content()
    world.world.models.on(REGISTRY_KEY).registered = registered
    world.outside.calls.clear()
    await world.look()
    assert world.outside.calls == ["survey" if registered == 24 else "mark"]


async def test_what_permissions_hide_is_not_taken_for_deleted() -> None:
    """A model that is in no list is asked for by name before anything is said of it."""
    world = await content()
    world.world.models.on(REGISTRY_KEY).registered = 1
    world.registry.hidden = True
    await world.look()
    assert (world.ready(), world.outside.calls[-1]) == (("True", "Promoted"), "snapshot")


async def test_a_waiting_claim_is_looked_after_soon_and_then_less_and_less() -> None:
    """What usually comes within seconds is seen within seconds; a misspelt version is no load for ever."""
    world = Simulation()
    world.registry.add(v6="None")
    world.promote()
    await world.drain()
    assert world.ready()[1] == "VersionNotFound"
    assert world.queue.seconds(MODEL_KEY) <= 5
    waiting = Waiting(since=0, every=5)
    assert [waiting.rest(now) for now in (0, 60, 120, 600, 86400)] == [5, 5, 10, 50, 60]


async def test_a_claim_that_waits_no_more_costs_no_more() -> None:
    """When the version has come and is promoted, its model is looked at like all others."""
    world = Simulation()
    world.registry.add(v6="None")
    world.promote()
    await world.drain()
    world.registry.add(v7="None")
    world.queue.elapse()
    await world.drain()
    assert world.ready() == ("True", "Promoted")
    await world.settle()
    assert MODEL_KEY not in world.queue.later()


async def test_a_server_that_asks_for_less_is_asked_less() -> None:
    """429, or a server that is away: nobody asks more often for it; Retry-After is kept to."""
    world = await content()
    world.outside.broken |= dict.fromkeys(LOOKS, RegistryUnavailable("RegistryUnavailable", "answered 429", after=120))
    for _ in range(4):
        await world.look()
    assert world.queue.seconds(REGISTRY_KEY) > 100


async def test_a_claim_of_a_missing_server_costs_nothing() -> None:
    """There is nobody to ask: the claim waits for the server, and no model is looked at in between."""
    world = Simulation()
    world.promote(serverRef={"name": "nobody"})
    await world.settle()
    assert world.ready()[1] == "ServerNotFound"
    assert {key for key in world.queue.later() if key.kind == MODEL_KEY.kind} == set()


async def test_settled_claims_are_patient_whoever_waits_beside_them() -> None:
    """A sibling that waits makes looks more frequent, and nobody unsure any sooner."""
    world = await content()
    world.promote("typo", version=70, target={"alias": "x"})
    await world.drain()
    world.outside.broken |= dict.fromkeys(LOOKS, AWAY)
    for _ in range(10):
        world.seconds += 5
        world.queue.add(MODEL_KEY)
        await world.drain()
    assert world.ready() == ("True", "Promoted")
    for _ in range(4):
        await world.look()
    assert world.ready() == ("Unknown", "RegistryUnavailable")


@pytest.mark.parametrize(
    "error",
    [
        RegistryRefused("Http404", "a proxy's page", maybe_passing=True),
        RegistryRefused("AccessDenied", "401", maybe_passing=True),
        RegistryUnavailable("NotMLflow", "a page"),
        RegistryUnavailable("RegistryUnavailable", "429"),
    ],
    ids=["404", "401", "page", "429"],
)
async def test_one_odd_answer_costs_a_moment(error: Exception) -> None:
    """Whatever a proxy says once, the claim is not failed, and goes on as soon as the registry answers."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.outside.before[0] = error
    world.promote()
    await world.drain()
    assert world.ready()[0] == "Unknown"
    assert world.queue.seconds(claim_key()) < 60
    await world.look()
    await world.drain()
    assert world.ready() == ("True", "Promoted")


async def test_a_refusal_that_stays_is_a_failure() -> None:
    """After some minutes credentials that are not accepted are somebody's business."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.outside.broken |= dict.fromkeys(LOOKS, RegistryRefused("AccessDenied", "401", maybe_passing=True))
    world.promote()
    for _ in range(8):
        await world.look()
        world.queue.elapse()
        await world.drain()
    assert world.ready() == ("False", "AccessDenied")
    assert {c.type for c in world.status().conditions} >= {"Stalled"}


async def test_a_better_token_wakes_a_claim_that_was_denied() -> None:
    """Reading worked all the time and writing did not: the next look lets the claim try again."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.outside.broken["move"] = RegistryRefused("AccessDenied", "403: READ only", maybe_passing=True)
    world.promote()
    await world.drain()
    assert world.ready() == ("Unknown", "AccessDenied")
    world.outside.broken.clear()
    await world.look()
    assert world.ready() == ("True", "Promoted")


async def test_a_look_for_a_sibling_lets_a_denied_claim_try_again() -> None:
    """Whoever asks first finds that the registry answers; those that failed on it need no look of their own."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.outside.broken["move"] = RegistryRefused("AccessDenied", "403: READ only", maybe_passing=True)
    world.promote()
    await world.drain()
    world.outside.broken.clear()
    world.queue.add(MODEL_KEY)
    await world.drain()
    assert world.ready() == ("True", "Promoted")


async def test_what_mlflow_refuses_for_good_is_not_tried_at_every_look() -> None:
    """A refusal in MLflow's own words does not pass by itself: the claim waits for a change, or the slow resync."""
    world = Simulation()
    world.registry.add(v6="Production", v7="Staging")
    world.outside.broken["move"] = RegistryRefused("InvalidParameterValue", "no")
    world.promote()
    await world.drain()
    assert world.ready() == ("False", "InvalidParameterValue")
    tries = world.outside.calls.count("move")
    for _ in range(5):
        await world.look()
    assert world.outside.calls.count("move") == tries


async def test_a_claim_that_cannot_be_read_hides_nothing_from_its_siblings() -> None:
    """A spec of a newer release stalls its own claim, by name, and no other."""
    world = await content("a", "b", "c")
    obj = world.cluster.objects[claim_key("b")]
    obj["spec"]["target"] = {"stage": "Canary"}
    world.cluster.put(obj)
    await world.drain()
    world.registry.aliases |= dict.fromkeys(("a", "b", "c"), "6")
    await world.look()
    assert (world.ready("a"), world.ready("c")) == (("False", "DriftDetected"), ("False", "DriftDetected"))
    conditions = world.cluster.objects[claim_key("b")]["status"]["conditions"]
    ready = next(c for c in conditions if c["type"] == "Ready")
    assert (ready["reason"], "spec.target.stage" in ready["message"]) == ("SpecUnreadable", True)


async def test_a_settled_claim_asks_for_no_files() -> None:
    """A signature is asked of a version before it is promoted, not by every process that starts afterwards."""
    world = Simulation()
    world.registry.add(v7="Staging")
    world.registry.signed.add("7")
    world.promote(requires={"signature": True})
    await world.settle()
    assert world.outside.calls.count("model_file") == 1
    world.start()
    await world.settle()
    assert (world.ready(), world.outside.calls.count("model_file")) == (("True", "Promoted"), 1)
