"""After another operator has taken over, servers have their pods replaced one after another."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.config import Images, Settings
from mlflow_operator.reconcile.objects import SERVER
from mlflow_operator.reconcile.servers import turns
from unit.reconcile.servers.test_bringing import SQLITE, Bench, Object, reasons

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANOTHER = Images(server="mirror.example/mlflow:{version}")


def conditions(minutes: float = 0, **states: str) -> list[Object]:
    """Conditions of a server since so many minutes, and what they are for."""
    since = (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {"type": name, "status": status, "reason": "R", "lastTransitionTime": since} for name, status in states.items()
    ]


async def under_another_operator(**settings: Any) -> Bench:
    """A server that is served, and an operator of other images."""
    bench = Bench(SQLITE)
    await bench.serve()
    bench.remember(deployed_generation=1)
    bench.world.settings = Settings(images=ANOTHER, **settings)
    return bench


def beside(bench: Bench, *found: Object, spec: Object | None = None, **status: Any) -> None:
    """Put another server beside it."""
    name = f"n{len(bench.world.store.keys(SERVER))}"
    meta = {"namespace": "others", "name": name, "uid": name, "resourceVersion": "1"}
    told = {"deployedGeneration": 1, "conditions": list(found), **status}
    bench.world.store.put(SERVER, {"kind": SERVER, "metadata": meta, "spec": spec or {}, "status": told})


BESIDE: dict[str, tuple[list[Object], bool]] = {
    "nobody": ([], False),
    "one that is ready": (conditions(Ready="True"), False),
    "one that is on its way": (conditions(5, Ready="False", Reconciling="True"), True),
    "one that cannot be asked": (conditions(5, Ready="Unknown", Reconciling="True"), True),
    "one that was given up on": (conditions(11, Ready="False", Reconciling="True"), False),
    "one that only a person can help": (conditions(5, Ready="False", Stalled="True"), False),
    "one that sleeps": (conditions(5, Ready="False", Reconciling="True", Suspended="True"), False),
}


@pytest.mark.parametrize(("found", "waits"), BESIDE.values(), ids=BESIDE)
async def test_a_server_waits_for_those_that_are_on_their_way(found: list[Object], waits: bool) -> None:
    """And for no others; while it waits nothing of it is touched."""
    bench = await under_another_operator()
    beside(bench, *found)
    brought = await bench.bring()
    assert (brought.waits, brought.begins) == (waits, not waits)
    assert not waits or bench.api.calls == []


async def test_new_and_external_servers_hold_up_nobody() -> None:
    """Their pods, if they have any, were never replaced."""
    bench = await under_another_operator()
    beside(bench, *conditions(Ready="False"), deployedGeneration=None)
    beside(bench, *conditions(Ready="False"), spec={"external": {"url": "https://mlflow.example.com"}})
    assert not (await bench.bring()).waits


async def test_as_many_go_as_the_setting_says() -> None:
    """Two at once, where it says two."""
    bench = await under_another_operator(rollouts=2)
    beside(bench, *conditions(Ready="False"))
    assert not (await bench.bring()).waits
    beside(bench, *conditions(Ready="False"))
    turns.finish(bench.world, bench.world.turns.copy().pop())
    assert (await bench.bring()).waits


async def test_two_passes_at_once_do_not_find_the_same_room() -> None:
    """Who has its turn is known before anything of it is written; and who has begun goes on."""
    bench = await under_another_operator()
    beside(bench, *conditions(Ready="True"))
    (other,) = bench.world.store.keys(SERVER)
    bench.world.turns.add(other)
    assert (await bench.bring()).waits
    turns.finish(bench.world, other)
    assert (await bench.bring()).begins
    bench.remember(prepared=None)
    bench.world.turns.add(other)
    assert (await bench.bring()).begins


async def test_what_users_change_never_waits() -> None:
    """A spec, a Secret, or a Deployment that somebody has edited."""
    bench = await under_another_operator()
    beside(bench, *conditions(Ready="False"))
    assert (await bench.bring()).waits
    bench.remember(deployed_generation=0)
    assert not (await bench.bring()).waits
    same = Bench(SQLITE)
    await same.serve()
    same.remember(deployed_generation=1)
    beside(same, *conditions(Ready="False"))
    edited = same.api.objects["Deployment", "mlflow"]
    same.api.keep({**edited, "spec": {**edited["spec"], "replicas": 7}})
    same.api.calls.clear()
    assert reasons(await same.bring()) == []
    assert same.api.applied() == [("Deployment", "mlflow")]


async def test_a_changed_secret_never_waits() -> None:
    """Its fingerprint is in the pod template, whoever wrote that."""
    bench = await under_another_operator()
    beside(bench, *conditions(Ready="False"))
    deployment = bench.api.objects["Deployment", "mlflow"]
    template = deployment["spec"]["template"]
    old = {**template["metadata"], "annotations": {"mlflow.talentflow.ai/references": "of another Secret"}}
    bench.api.keep(
        {**deployment, "spec": {**deployment["spec"], "template": {**template, "metadata": old}}},
    )
    assert not (await bench.bring()).waits


async def test_pods_alone_wait_too_though_their_preparation_is_there() -> None:
    """A change that the stores do not notice, beside the Job of before, which has ended."""
    same = Bench({**SQLITE, "terminationGracePeriodSeconds": 90})
    await same.serve()
    same.remember(deployed_generation=1)
    same.spec = SQLITE  # as an operator would that says another time
    same.api.calls.clear()
    beside(same, *conditions(Ready="False"))
    assert (await same.bring()).waits
    assert same.api.calls == []
    await same.api.delete(same.job())
    assert (await same.bring()).waits
