"""A process that begins to work does first what somebody waits for."""

from typing import Any

import pytest

from mlflow_operator.reconcile.process import begin
from unit.reconcile.stage.simulation import SERVER_KEY, Simulation, claim_key


def with_ready(status: str, generation: int) -> dict[str, Any]:
    """A status with a condition Ready of that generation."""
    ready = {"type": "Ready", "status": status, "reason": "R", "message": "m", "observedGeneration": generation}
    return {"conditions": [{**ready, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}


STATUSES: dict[str, tuple[dict[str, Any], bool]] = {
    "ready": (with_ready("True", 1), False),
    "ready, with an older spec": (with_ready("True", 0), True),
    "not ready": (with_ready("False", 1), True),
    "unknown": (with_ready("Unknown", 1), True),
    "never looked at": ({"observedGeneration": -1}, True),
}


@pytest.mark.parametrize(("status", "at_once"), STATUSES.values(), ids=STATUSES)
async def test_what_has_not_come_to_rest_is_looked_at_first(status: dict[str, Any], at_once: bool) -> None:
    """A thousand claims that are content are not in front of the one that was just applied; none is left out."""
    world = Simulation()
    world.promote()
    world.cluster.objects[claim_key()]["status"] = status
    world.start()
    begin(world.world)
    later = world.queue.later()
    assert (claim_key() in later) != at_once
    if at_once:
        assert claim_key() in [await world.queue.get() for _ in range(world.queue.depth())]
    else:
        assert world.queue.seconds(claim_key()) <= world.world.settings.registry_poll


async def test_what_was_queued_while_somebody_else_worked_is_forgotten() -> None:
    """A process that stood by for long begins with what is there now, and each object once."""
    world = Simulation()
    world.promote()
    world.promote("gone", target={"alias": "x"})
    world.queue.add_after(claim_key("gone"), 60)
    world.cluster.remove(claim_key("gone"))
    begin(world.world)
    assert claim_key("gone") not in world.queue.later()
    queued = [await world.queue.get() for _ in range(world.queue.depth())]
    assert sorted(queued) == sorted([SERVER_KEY, claim_key()])
