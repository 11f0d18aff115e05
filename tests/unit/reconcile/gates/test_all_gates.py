"""Every gate there is, a policy and a mirror alias at once: whenever the process dies, the next one ends it.

No gate is skipped, and none passed by an answer that was given to something else.
"""

from typing import Any

import pytest

from mlflow_operator.config import Settings
from mlflow_operator.promotion.gates.approval import REQUESTED_BY
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.kubelet import ends, jobs
from unit.reconcile.stage.simulation import Simulation, claim_key

from .test_approvals import say
from .test_gate_jobs import AUC, FAIRNESS, MIRROR
from .test_policies import policy
from .test_webhooks import CAB, CAB_URL, said

OPEN = {"allow": [{"cron": "* * * * *", "duration": "1m"}]}
GATES: dict[str, Any] = {
    "metrics": [AUC, {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}],
    "comparisons": [{"name": "better", "metric": "auc"}],
    "jobs": [FAIRNESS],
    "webhooks": [CAB, {"name": "news", "type": "Post", "url": "https://news.example.com/told"}],
    "approval": {"required": 1},
    "windows": OPEN,
}
STRICTER = {"metrics": [AUC | {"min": 0.92}], "approval": {"required": 2}, "windows": OPEN}
PASSED = {
    *(("spec", name) for name in ("auc", "gap", "better", "fairness", "cab", "approval", "window")),
    *(("policy/platform", name) for name in ("auc", "approval", "window")),
}
VALIDATED = {"passed": True, "metrics": {"gap": 0.02}}


def begun() -> Simulation:
    """Version 6 in Production, a better version 7 in Staging, a policy, and somebody who answers."""
    world = Simulation(settings=Settings(approvals="Count", job_gates=True))
    world.registry.add(None, v6="Production", v7="Staging")
    world.registry.runs = {"run-6": {"auc": 0.9}, "run-7": {"auc": 0.95}}
    world.receiver.answers[CAB_URL] = said("Passed", message="change 42")
    policy(world, gates=STRICTER)
    return world


def respond(world: Simulation) -> None:
    """The kubelet runs what is there, and bob and carol approve what they are asked for, if they have not yet."""
    for job in jobs(world):
        if not job.get("status"):
            ends(world, job, 0, VALIDATED)
    asked = world.status().approval
    said_yes = {
        obj["spec"]["approver"]
        for key, obj in world.cluster.objects.items()
        if key.kind == "PromotionApproval" and asked and obj["spec"]["attempt"] == asked.digest
    }
    if asked and world.ready()[1] == "ApprovalRequired":
        for who in {"bob", "carol"} - said_yes:
            say(world, who)


async def lived(number: int, *, after: bool) -> Simulation:
    """The whole life of an attempt, whose process dies at one of its calls."""
    world = begun()
    (world.outside.after if after else world.outside.before)[number] = Crash()
    world.promote(gates=GATES, target=MIRROR)
    world.cluster.annotate(claim_key(), REQUESTED_BY, "alice")
    for _ in range(6):
        try:
            await world.settle(2)
            respond(world)
        except Crash:
            world.start()
    return world


def check(world: Simulation, number: int) -> None:
    """What has to be true in the end."""
    status = world.status()
    assert world.ready() == ("True", "Promoted"), number
    assert (world.registry.holders("Production"), world.registry.aliases) == (["7"], {"champion": "7"}), number
    assert {(gate.origin, gate.name) for gate in status.gates if gate.result == "Passed"} == PASSED, number
    assert [(a.number, sorted(a.approved_by), a.policies) for a in status.history] == [
        (1, ["bob", "carol"], ["platform@2"])
    ], number
    assert (len(world.cluster.made), jobs(world)) == (1, []), f"one Job, and it has gone, {number}"
    confirmed = {r.headers["webhook-id"] for r in world.receiver.received if r.url == CAB_URL}
    assert len(confirmed) == 1, f"one question, however often it was asked, {number}"
    told = {r.headers["webhook-id"] for r in world.receiver.received if r.url != CAB_URL}
    assert (len(told), status.untold) == (1, []), f"told once, by whatever number of messages, {number}"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_call_with_everything_on(after: bool) -> None:
    """One attempt, one Job, each yes used once, no gate skipped, and the news told."""
    whole = await lived(10_000, after=after)
    check(whole, -1)
    for number in range(len(whole.outside.calls)):
        check(await lived(number, after=after), number)
