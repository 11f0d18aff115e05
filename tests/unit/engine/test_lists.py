"""What a watch has missed is found by the periodic list, and nothing that is newer than the list is lost by it."""

import asyncio

from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key
from mlflow_operator.reconcile.objects import PROMOTION, SERVER
from mlflow_operator.reconcile.process import lists_of
from mlflow_operator.reconcile.world import World

from .listing import CLAIM, claim, listing, version_of


async def test_everything_is_listed_however_long_it_takes(world: World) -> None:
    """A claim is not told that its server is missing because the API server was away."""
    listing(world).objects = {PROMOTION: [claim("1")], SERVER: []}
    listing(world).away = True
    first = asyncio.create_task(lists_of(world).first(again=0.01))
    await asyncio.sleep(0.03)
    assert not first.done()
    listing(world).away = False
    await asyncio.wait_for(first, 1)
    assert world.store.keys(PROMOTION) == [CLAIM]


async def test_everything_is_listed_again_and_again(world: World) -> None:
    """What a watch misses is found within the time that is set for it, also after an outage."""
    lists = lists_of(world)
    listing(world).away = True
    keeping = asyncio.create_task(lists.keep_up(0.01))
    await asyncio.sleep(0.03)
    listing(world).away = False
    listing(world).objects = {PROMOTION: [claim("1")]}
    assert await asyncio.wait_for(world.queue.get(), 1) == CLAIM
    assert lists.ailment() is None
    keeping.cancel()


async def test_what_cannot_be_listed_keeps_nothing_else_from_it(world: World) -> None:
    """A right that is missing for one kind, or in one namespace, leaves the others as they were."""
    world.settings = Settings(namespaces=("closed", "team"))
    lists = lists_of(world)
    world.store.put(PROMOTION, claim("1", "closed"))
    listing(world).forbidden = {(SERVER, "closed"), (SERVER, "team"), (PROMOTION, "closed")}
    listing(world).objects = {PROMOTION: [claim("1")]}
    assert not await lists.all()
    assert {key.namespace for key in world.store.keys(PROMOTION)} == {"closed", "team"}


async def test_an_object_that_went_unseen_is_dropped_and_woken(world: World) -> None:
    """A watch that broke off never delivers the deletions between: the list does."""
    lists = lists_of(world)
    world.store.put(PROMOTION, claim("1"))
    await lists.all()
    assert (world.store.keys(PROMOTION), await world.queue.get()) == ([], CLAIM)


async def test_a_list_does_not_bring_back_what_was_deleted_meanwhile(world: World) -> None:
    """The watch's deletion is newer than the list."""
    listing(world).objects = {PROMOTION: [claim("5")]}
    listing(world).meanwhile = lambda: world.store.bury(PROMOTION, claim("6"))
    await lists_of(world).all()
    assert world.store.keys(PROMOTION) == []


async def test_a_list_does_not_drop_what_was_created_meanwhile(world: World) -> None:
    """The watch's object is newer than the list."""
    listing(world).meanwhile = lambda: world.store.put(PROMOTION, claim("7"))
    await lists_of(world).all()
    assert world.store.keys(PROMOTION) == [CLAIM]


async def test_an_etcd_that_went_back_is_followed_at_the_next_list(world: World) -> None:
    """After a restore from a backup every object is older than it was known to be."""
    lists = lists_of(world)
    listing(world).objects = {PROMOTION: [claim("1000")]}
    await lists.all()
    listing(world).objects = {PROMOTION: [claim("12")]}
    await lists.all()
    assert version_of(world) == "12"


async def test_a_deaf_watch_is_an_ailment_and_named(world: World) -> None:
    """Twice in a row the list found what the watch of that namespace should have brought: a restart is the cure."""
    world.settings = Settings(namespaces=("other", "team"))
    lists = lists_of(world)
    await lists.first()
    for version in "23":
        assert lists.ailment() is None
        listing(world).objects = {PROMOTION: [claim(version), claim(version, "other")]}
        await lists.all()
        lists.heard(PROMOTION, "other")
    assert lists.ailment() == "the watch of ModelPromotion in namespace team brings nothing any more"
    lists.heard(PROMOTION, "team")
    assert lists.ailment() is None


async def test_a_kind_that_others_install_may_come_and_go(world: World) -> None:
    """Its absence holds up nothing, and is no silence of a watch; what was there goes with it."""
    labels = {"app.kubernetes.io/managed-by": "mlflow-operator", "app.kubernetes.io/instance": "mlflow"}
    metadata = {"name": "mlflow", "namespace": "team", "uid": "r", "resourceVersion": "1", "labels": labels}
    key, lists = Key("HTTPRoute", "team", "mlflow"), lists_of(world)
    for version in range(4):
        listing(world).objects = {"HTTPRoute": [{"metadata": metadata | {"resourceVersion": str(version)}}]}
        assert await lists.all()
    assert world.store.keys("HTTPRoute") == [key]
    assert lists.ailment() is None
    assert await asyncio.wait_for(world.queue.get(), 1) == Key(SERVER, "team", "mlflow")
    listing(world).unknown = {"HTTPRoute"}
    assert await lists.all()
    assert world.store.keys("HTTPRoute") == []
    listing(world).unknown = {PROMOTION}
    assert not await lists.all()
