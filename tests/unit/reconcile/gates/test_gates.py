"""Gates in the passes: what is asked when, what it costs, and that nothing is written on an answer that has aged."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import RegistryRefused, RegistryUnavailable
from mlflow_operator.promotion.evidence import Measured, Need, Origin
from mlflow_operator.reconcile.evidence.findings import Findings
from mlflow_operator.reconcile.lanes import lanes_of
from mlflow_operator.reconcile.objects import EVIDENCE
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.simulation import MODEL_KEY, Simulation, claim_key

EVIDENCE_KEY = Key(EVIDENCE, "team", "fraud")
AUC: dict[str, Any] = {"gates": {"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]}}
BETTER: dict[str, Any] = {"gates": {"comparisons": [{"name": "better", "metric": "auc"}]}}
# It is 3:04:05 on the second of January.
OPENS: dict[str, Any] = {"gates": {"windows": {"allow": [{"cron": "0 4 * * *", "duration": "1h"}]}}}
CLOSES: dict[str, Any] = {"gates": {"windows": {"allow": [{"cron": "0 3 * * *", "duration": "1h"}]}}}


def begun(auc: float = 0.95, **stages: str) -> Simulation:
    """Version 6 in Production with 0.9, version 7 in Staging."""
    world = Simulation()
    world.registry.add(None, **(stages or {"v6": "Production", "v7": "Staging"}))
    world.registry.runs = {"run-6": {"auc": 0.9}, "run-7": {"auc": auc}}
    return world


def gates(world: Simulation) -> list[tuple[str, str | None]]:
    """Result and observation of each gate."""
    return [(gate.result, gate.observed) for gate in world.status().gates]


async def test_a_version_that_proves_itself_is_promoted() -> None:
    """The metric is looked up, once more before the write, and stays in the status."""
    world = begun()
    world.promote(**AUC)
    await world.settle()
    assert world.ready() == ("True", "Promoted")
    assert gates(world) == [("Passed", "0.95")]
    assert world.registry.writes[0] == "7>Production"
    assert world.outside.calls.count("run_metrics") == 2
    assert world.cluster.events == ["Promoted"]


async def test_a_version_that_does_not_is_refused_with_the_number() -> None:
    """Nothing is written to MLflow, and nothing more to the cluster however often it is looked at."""
    world = begun(auc=0.88)
    world.promote(**AUC)
    await world.settle()
    assert world.ready() == ("False", "GateFailed")
    assert (gates(world), world.registry.writes) == ([("Failed", "0.88")], [])
    written = len(world.cluster.statuses)
    for _ in range(5):
        world.seconds += 60
        await world.settle(1)
        await world.look()
    assert len(world.cluster.statuses) == written == 2


async def test_a_metric_that_is_logged_later_lets_it_go_on() -> None:
    """A negative answer expires: the claim goes on by itself."""
    world = begun()
    world.registry.runs["run-7"] = {}
    world.promote(**AUC)
    await world.settle()
    assert world.ready() == ("False", "GateFailed")
    world.registry.runs["run-7"] = {"auc": 0.95}
    world.seconds += 61
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def test_what_is_asked_at_the_last_moment_counts() -> None:
    """The metric fell between the first answer and the write: it is seen, and nothing is written."""
    world = begun()
    world.promote(**AUC)

    def fall() -> None:
        world.registry.runs["run-7"] = {"auc": 0.5}

    first = 1 + await calls_until(begun(), AUC, "run_metrics")
    world.outside.before[first] = fall
    await world.settle()
    assert (world.ready(), world.registry.writes) == (("False", "GateFailed"), [])


async def calls_until(world: Simulation, spec: dict[str, Any], name: str) -> int:
    """The number of the first call of a name."""
    world.promote(**spec)
    await world.settle()
    return world.outside.calls.index(name)


async def test_a_baseline_that_changed_meanwhile_is_the_one_to_beat() -> None:
    """Somebody puts a better version into the slot before the write: that one counts."""
    world = begun(v5="None", v6="Production", v7="Staging")
    world.registry.runs["run-5"] = {"auc": 0.99}
    world.promote(**BETTER)
    first = 1 + await calls_until(begun(v5="None", v6="Production", v7="Staging"), BETTER, "run_metrics")
    world.outside.after[first] = lambda: world.registry.transition("5", "Production")
    await world.settle()
    assert (world.ready(), gates(world)) == (("False", "GateFailed"), [("Failed", "0.95, was 0.99")])
    assert world.registry.writes == []


async def test_a_closed_window_costs_nothing_and_opens_in_time() -> None:
    """While it waits: one status, no look for its own sake; it is looked at when the window opens, not at some poll."""
    world = begun()
    world.promote(**OPENS)
    await world.settle(1)
    assert world.ready() == ("False", "WindowClosed")
    status = world.status()
    assert (status.phase, status.window and status.window.open) == ("AwaitingWindow", False)
    written, asked = len(world.cluster.statuses), len(world.outside.calls)
    assert MODEL_KEY not in world.queue.later(), "it is looked at with all models"
    world.queue.elapse()
    await world.drain()
    assert len(world.cluster.statuses) == written
    assert set(world.outside.calls[asked:]) <= {"survey", "mark", "snapshot"}
    world.moment += timedelta(hours=1)
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def test_a_claim_is_looked_at_when_time_has_come() -> None:
    """A window that opens in half a minute is not missed by a resync of ten."""
    world = begun()
    world.moment = world.moment.replace(minute=59, second=20)
    world.promote(**OPENS)
    await world.drain()
    assert world.queue.seconds(claim_key()) < 60


async def test_a_window_that_closes_meanwhile_stops_the_write() -> None:
    """The time is read once more with the fresh look."""
    world = begun()
    world.promote(**CLOSES)

    def late() -> None:
        world.moment += timedelta(hours=2)

    world.outside.before[0] = late
    await world.settle(1)
    assert (world.ready(), world.registry.writes) == (("False", "WindowClosed"), [])


async def test_a_restart_asks_again_and_writes_nothing() -> None:
    """Results are in the status: a new process finds the same, and says nothing new."""
    world = begun(auc=0.88)
    world.promote(**AUC)
    await world.settle()
    written = len(world.cluster.statuses)
    world.start()
    await world.settle()
    assert (len(world.cluster.statuses), world.ready()) == (written, ("False", "GateFailed"))


TROUBLE = {
    "does not answer": RegistryUnavailable("RegistryUnavailable", "no answer"),
    "refuses": RegistryRefused("AccessDenied", "MLflow answered 403"),
}


@pytest.mark.parametrize("error", TROUBLE.values(), ids=TROUBLE)
async def test_a_metric_that_cannot_be_read_is_an_error_and_asked_again(error: Exception) -> None:
    """Nobody is let through for lack of an answer, and nobody is refused for it."""
    world = begun()
    world.outside.broken["run_metrics"] = error
    world.promote(**AUC)
    await world.settle()
    assert (world.ready(), gates(world)) == (("False", "GateError"), [("Error", None)])
    assert 13 < world.queue.seconds(EVIDENCE_KEY) < 17
    world.outside.broken.clear()
    world.seconds += 15
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def test_a_dry_run_gate_that_cannot_be_read_holds_nobody_up() -> None:
    """A run that MLflow cannot show is shown as an error, and the version is promoted."""
    world = begun()
    world.outside.broken["run_metrics"] = RegistryUnavailable("AnswerTooLarge", "too large")
    world.promote(gates={"metrics": [{"name": "auc", "metric": "auc", "min": 0.9, "mode": "DryRun"}]})
    await world.settle()
    assert (world.ready(), gates(world)) == (("True", "Promoted"), [("Error", None)])


async def test_slow_answers_take_no_turn() -> None:
    """What gates need to know is asked outside the model's turn: other claims on the model do not wait for it."""
    world = begun()
    world.promote(**AUC)
    lanes = lanes_of(world.world.store, world.world.settings)
    turn, *shared = lanes(claim_key())
    assert turn == lanes(MODEL_KEY)[0]
    assert list(lanes(EVIDENCE_KEY)) == shared


async def test_a_claim_that_is_gone_asks_nothing_more() -> None:
    """Its evidence is not looked up for ever."""
    world = begun(auc=0.88)
    world.promote(**AUC)
    await world.settle()
    world.cluster.remove(claim_key())
    await world.settle()
    assert EVIDENCE_KEY not in world.queue.later()


async def test_a_promoted_claim_asks_nothing_more() -> None:
    """Metrics are asked of who is about to move."""
    world = begun()
    world.promote(**AUC)
    await world.settle()
    asked = world.outside.calls.count("run_metrics")
    await world.settle()
    assert (world.outside.calls.count("run_metrics"), EVIDENCE_KEY in world.queue.later()) == (asked, False)


async def test_an_alias_to_compare_with_is_read() -> None:
    """The claim is on a stage, and its baseline is an alias: aliases are asked for all the same."""
    world = begun(v5="None", v7="Staging")
    world.registry.aliases = {"champion": "5"}
    world.registry.runs["run-5"] = {"auc": 0.99}
    gate = {"name": "better", "metric": "auc", "baseline": {"alias": "champion"}}
    world.promote(gates={"comparisons": [gate]})
    await world.settle()
    assert gates(world) == [("Failed", "0.95, was 0.99")]


async def test_the_logged_model_comes_first() -> None:
    """What was measured of the model itself counts more than what its run says."""
    world = begun()
    world.registry.versions["7"] = replace(world.registry.versions["7"], logged_model="m-7")
    world.registry.logged = {"m-7": [LoggedMetric("auc", 0.8, (1, 0), "run-7", "")]}
    world.promote(**AUC)
    await world.settle()
    assert gates(world) == [("Failed", "0.8")]


async def test_soaking_is_remembered_over_a_restart() -> None:
    """Time is counted from when the operator has seen the version there, which is in the status."""
    world = begun()
    world.promote(requires={"minSoak": {"slot": {"stage": "Staging"}, "duration": "2h"}})
    await world.settle(1)
    assert world.ready() == ("False", "SoakPending")
    world.start()
    world.moment += timedelta(hours=2)
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def killed_at(number: int, *, after: bool) -> Simulation:
    """A gated claim whose process dies at one of its calls, and the next one, to the end."""
    world = begun()
    when = world.outside.after if after else world.outside.before
    when[number] = Crash()
    world.promote(gates={**AUC["gates"], **BETTER["gates"], **CLOSES["gates"]}, target=MIRROR)
    try:
        await world.settle()
    except Crash:
        world.start()
        await world.settle()
    return world


MIRROR = {"stage": "Production", "mirrorAlias": "champion"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_process_that_dies_at_any_call_is_followed_by_one_that_ends_it(after: bool) -> None:
    """With all gates on: the version arrives once, and what was passed is in the status."""
    whole = await killed_at(10_000, after=after)
    assert whole.ready() == ("True", "Promoted")
    for number in range(len(whole.outside.calls)):
        world = await killed_at(number, after=after)
        assert world.ready() == ("True", "Promoted"), number
        assert [result for result, _ in gates(world)] == ["Passed"] * 3
        assert [a.number for a in world.status().history] == [1]
        assert (world.registry.holders("Production"), world.registry.aliases) == (["7"], {"champion": "7"})


def test_what_was_known_stands_while_nobody_answers() -> None:
    """A moment without an answer changes no result; minutes of it do."""
    need, findings = Need(Origin("7", 1, "r", ""), "auc"), Findings()
    assert findings.learn({need: Measured(run=0.9)}, 0)
    assert not findings.learn({need: Measured(refused="no answer")}, 100)
    assert findings.of({need})[need].run == 0.9
    assert findings.learn({need: Measured(refused="no answer")}, 200)
    assert not findings.due({need}, 205)
    assert findings.due({need}, 211) == {need}
