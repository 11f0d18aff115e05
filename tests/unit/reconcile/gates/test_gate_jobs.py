"""Jobs of gates in the passes: when one is started, that there is one, what follows from its end, and that it goes."""

from typing import Any

import pytest

from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import ApiError
from mlflow_operator.promotion.wish import REASSERT
from mlflow_operator.reconcile.objects import EVIDENCE
from unit.reconcile.stage.fakes import Crash
from unit.reconcile.stage.kubelet import ends, jobs, now, takes_too_long, variables, waits
from unit.reconcile.stage.simulation import Simulation, claim_key

CONTAINER = {"name": "validate", "image": "registry.example/validate:1"}
FAIRNESS: dict[str, Any] = {"name": "fairness", "template": {"spec": {"containers": [CONTAINER]}}}
JOBS: dict[str, Any] = {"gates": {"jobs": [FAIRNESS]}}
DRY: dict[str, Any] = {"gates": {"jobs": [FAIRNESS | {"mode": "DryRun"}]}}
AUC = {"name": "auc", "metric": "auc", "min": 0.9}
MIRROR = {"stage": "Production", "mirrorAlias": "champion"}


def begun(auc: float = 0.95, *, job_gates: bool = True) -> Simulation:
    """Version 6 in Production, version 7 in Staging."""
    world = Simulation(settings=Settings(job_gates=job_gates))
    world.registry.add(None, v6="Production", v7="Staging")
    world.registry.runs = {"run-7": {"auc": auc}}
    return world


async def started(**spec: Any) -> tuple[Simulation, dict[str, Any]]:
    """A claim whose Job was started, and the Job."""
    world = begun()
    world.promote(**(spec or JOBS))
    await world.settle(1)
    (job,) = jobs(world)
    return world, job


def result(world: Simulation) -> tuple[str, str]:
    """Result and message of the Job's gate."""
    gate = next(g for g in world.status().gates if g.type == "Job")
    return gate.result, gate.message


async def test_a_version_is_promoted_when_its_job_has_passed_it() -> None:
    """One Job, told which version it is about and which one it replaces; gone when the attempt has ended."""
    world, job = await started()
    assert world.ready() == ("False", "GatePending")
    assert world.registry.writes == []
    told = variables(job)
    assert (told["MODEL_NAME"], told["MODEL_VERSION"], told["MODEL_URI"]) == ("fraud", "7", "models:/fraud/7")
    assert (told["BASELINE_VERSION"], told["BASELINE_URI"], told["RUN_ID"]) == ("6", "models:/fraud/6", "run-7")
    assert told["MLFLOW_TRACKING_URI"] == "http://mlflow.test"
    ends(world, job, 0, {"passed": True, "metrics": {"gap": 0.02}, "message": "fair enough"})
    await world.drain()
    assert world.ready() == ("True", "Promoted")
    (gate,) = world.status().gates
    assert (gate.result, gate.job and gate.job.metrics) == ("Passed", {"gap": 0.02})
    assert "fair enough" in gate.message
    assert (len(world.cluster.made), jobs(world)) == (1, [])


async def test_waiting_for_a_job_writes_nothing() -> None:
    """However long it takes: one status when it is started, one when it is at work or has ended."""
    world, _ = await started()
    written = len(world.cluster.statuses)
    for _ in range(5):
        world.seconds += 60
        await world.settle(1)
        await world.look()
    assert (len(world.cluster.statuses), len(world.cluster.made)) == (written, 1)
    world.start()
    await world.settle()
    assert (len(world.cluster.statuses), len(world.cluster.made)) == (written, 1)


async def test_a_job_that_does_not_pass_it_refuses_the_version() -> None:
    """By its exit code, with its words; nothing is written, no other Job is started, and its log can be read."""
    world, job = await started()
    ends(world, job, 3, "the gap between groups is 0.3")
    await world.settle()
    assert world.ready() == ("False", "GateFailed")
    assert result(world)[1].endswith("ended with exit code 3: the gap between groups is 0.3")
    world.cluster.remove(Key("Job", "team", job["metadata"]["name"]))
    world.start()
    await world.settle()
    assert (world.registry.writes, len(world.cluster.made), world.ready()[1]) == ([], 1, "GateFailed")


async def test_it_can_be_asked_once_more() -> None:
    """A new value of the annotation is another question: another Job, and the first one goes."""
    world, job = await started()
    ends(world, job, 1)
    await world.settle(1)
    world.cluster.annotate(claim_key(), REASSERT, "1")
    await world.settle(1)
    (other,) = jobs(world)
    assert other["metadata"]["name"] != job["metadata"]["name"]
    ends(world, other)
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def test_nothing_is_started_before_all_that_is_cheaper_is_passed() -> None:
    """A requirement that is not met, or a metric that fails, costs no pod; when it is passed, the Job follows."""
    world = begun(auc=0.5)
    world.promote(gates={"metrics": [AUC], "jobs": [FAIRNESS]}, requires={"tags": [{"key": "ok"}]})
    await world.settle()
    assert jobs(world) == []
    world.registry.runs["run-7"] = {"auc": 0.95}
    world.seconds += 61
    await world.settle(2)
    assert jobs(world) == []
    world.promote(requires={})
    await world.settle(2)
    assert len(jobs(world)) == 1


async def test_a_metric_of_the_job_can_be_asked_for() -> None:
    """The Job passes it, and the number that it reports does not."""
    gap = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
    world, job = await started(gates={"metrics": [gap], "jobs": [FAIRNESS]})
    ends(world, job, 0, {"passed": True, "metrics": {"gap": 0.3}})
    await world.settle()
    assert (world.ready(), world.registry.writes) == (("False", "GateFailed"), [])
    assert [(g.type, g.result, g.observed) for g in world.status().gates] == [
        ("Job", "Passed", "passed"),
        ("Metric", "Failed", "0.3"),
    ]
    world.start()
    await world.settle()
    assert world.ready() == ("False", "GateFailed")


async def test_another_baseline_is_another_question() -> None:
    """Somebody moves another version into the slot while the Job is at work: its answer does not count."""
    world, job = await started()
    world.registry.add(None, v5="Production")
    world.registry.transition("5", "Production")
    await world.look()
    await world.settle(2)
    (other,) = jobs(world)
    assert variables(other)["BASELINE_VERSION"] == "5"
    ends(world, job, 0) if job["metadata"]["name"] == other["metadata"]["name"] else None
    assert world.registry.writes == []
    ends(world, other)
    await world.settle(1)
    assert world.ready() == ("True", "Promoted")


async def test_another_version_stops_the_job_of_the_one_before() -> None:
    """The attempt is superseded, and its pod is not paid for any longer."""
    world, job = await started()
    world.promote(version=6)
    await world.settle(2)
    assert [j["metadata"]["name"] == job["metadata"]["name"] for j in jobs(world)] == [False]


async def test_a_dry_run_holds_nobody_up_and_is_shown_when_it_ends() -> None:
    """The version moves at once; the Job goes on, its result is in the status, and then it goes."""
    world, job = await started(**DRY)
    assert world.ready() == ("True", "Promoted")
    assert result(world)[0] == "Waiting"
    world.start()
    await world.settle(1)
    ends(world, job, 1, "unfair")
    await world.settle(1)
    assert (world.ready(), result(world)[0]) == (("True", "Promoted"), "Failed")
    assert (jobs(world), len(world.cluster.made)) == ([], 1)


async def test_a_dry_run_that_is_deleted_says_so() -> None:
    """Nobody starts it again for a version that was promoted long ago."""
    world, job = await started(**DRY)
    world.cluster.remove(Key("Job", "team", job["metadata"]["name"]))
    await world.settle(1)
    assert result(world) == ("Error", f"Job {job['metadata']['name']} was deleted before it ended")
    assert len(world.cluster.made) == 1


async def test_a_dry_run_that_ends_in_an_error_promises_no_other() -> None:
    """Its version was promoted: nobody tries it again."""
    world, job = await started(**DRY)
    takes_too_long(world, job)
    await world.settle(2)
    assert result(world) == ("Error", f"Job {job['metadata']['name']} ended without an answer")
    assert (jobs(world), len(world.cluster.made)) == ([], 1)


async def test_an_error_is_tried_again_but_not_for_ever() -> None:
    """A deadline says nothing of the version: three Jobs, then somebody has to look at it."""
    world = begun()
    world.promote(**JOBS)
    for number in range(1, 4):
        await world.settle(1)
        (job,) = jobs(world)
        assert job["metadata"]["name"].endswith(f"-{number}")
        takes_too_long(world, job)
        await world.settle(1)
        assert world.ready()[1] == ("GateError" if number < 3 else "JobDeadlineExceeded")
        world.moment = world.moment.replace(minute=world.moment.minute + 6)
    await world.settle()
    assert (len(world.cluster.made), world.registry.writes) == (3, [])


async def test_the_next_one_comes_by_itself() -> None:
    """The claim is looked at when it is due, not at some resync."""
    world, job = await started()
    takes_too_long(world, job)
    await world.drain()
    assert world.queue.seconds(claim_key()) < 65


async def test_an_evicted_pod_has_said_nothing() -> None:
    """Its exit code is the kubelet's."""
    world, job = await started()
    ends(world, job, 137, evicted=True)
    await world.settle(1)
    assert (world.ready()[1], result(world)[0]) == ("GateError", "Error")


async def test_an_image_that_cannot_be_pulled_stalls_and_heals() -> None:
    """For three minutes it is waited for; then somebody has to help, and the Job goes on when it is helped."""
    world, job = await started()
    waits(world, job, "ErrImagePull", since=now(world))
    world.moment = world.moment.replace(minute=6)
    await world.settle(1)
    assert (world.ready()[1], "cannot be pulled" in result(world)[1]) == ("GatePending", True)
    world.moment = world.moment.replace(minute=8)
    await world.settle(1)
    assert world.ready() == ("False", "ImagePullFailed")
    world.cluster.pods.clear()
    ends(world, job)
    await world.settle(1)
    assert (world.ready()[1], len(world.cluster.made)) == ("Promoted", 1)


REFUSALS = {403: "JobRefused", 422: "JobInvalid"}


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refused_job_stalls_until_it_is_taken(status: int) -> None:
    """The words of the API server are passed on; raised quota lets it go on."""
    world = begun()
    world.promote(**JOBS)
    world.outside.broken["create"] = ApiError(status, "Forbidden", "exceeded quota: small")
    await world.settle(2)
    assert world.ready() == ("False", REFUSALS[status])
    assert "exceeded quota: small" in result(world)[1]
    world.outside.broken.clear()
    await world.settle(2)
    assert len(jobs(world)) == 1


async def test_somebody_else_s_job_is_not_taken_for_ours() -> None:
    """Its name can be foretold: whatever has it and is not the claim's proves nothing."""
    world, job = await started()
    stranger = Key("Job", "team", job["metadata"]["name"])
    job["metadata"]["ownerReferences"][0]["uid"] = "stranger"
    world.cluster.report(stranger, {})
    ends(world, job)
    await world.settle(2)
    assert (world.ready(), world.registry.writes) == (("False", "JobConflict"), [])


async def test_an_operator_that_may_not_start_pods_says_so() -> None:
    """Nobody has asked the API server whether the writer may: the gate stalls, and a dry run holds nobody up."""
    world = begun(job_gates=False)
    world.promote(**JOBS)
    await world.settle()
    assert (world.ready(), world.cluster.made) == (("False", "JobGatesOff"), [])
    world.promote(**DRY)
    await world.settle()
    assert (world.ready(), world.cluster.made) == (("True", "Promoted"), [])


async def test_a_suspended_claim_touches_no_job() -> None:
    """It is neither started nor deleted."""
    world, _ = await started()
    world.promote(suspend=True, version=6)
    await world.settle(2)
    assert (len(jobs(world)), len(world.cluster.made)) == (1, 1)


async def test_a_model_that_is_hidden_for_a_moment_costs_no_job() -> None:
    """Permissions are being changed in MLflow: the Job goes on, and its answer counts when the model is back."""
    world, job = await started()
    versions, world.registry.versions = world.registry.versions, {}
    world.registry.changed += 1
    await world.look()
    await world.settle(1)
    assert world.ready() == ("False", "VersionNotFound")
    world.registry.versions = versions
    await world.look()
    ends(world, job)
    await world.settle(2)
    assert (world.ready(), len(world.cluster.made)) == (("True", "Promoted"), 1)


async def test_a_claim_that_is_gone_asks_nothing_more() -> None:
    """Its Job goes with it, by its owner."""
    world, job = await started()
    assert job["metadata"]["ownerReferences"][0]["name"] == "fraud"
    world.cluster.remove(claim_key())
    await world.settle()
    assert Key(EVIDENCE, "team", "fraud") not in world.queue.later()


async def killed_at(number: int, *, after: bool) -> Simulation:
    """A claim with every kind of gate, whose process dies at one of its calls, and the next one, to the end."""
    world = begun()
    when = world.outside.after if after else world.outside.before
    when[number] = Crash()
    gap = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
    world.promote(gates={"metrics": [AUC, gap], "jobs": [FAIRNESS]}, target=MIRROR)
    for _ in range(4):
        try:
            await world.settle(2)
            for job in jobs(world):
                if not job.get("status"):
                    ends(world, job, 0, {"passed": True, "metrics": {"gap": 0.02}})
        except Crash:
            world.start()
    return world


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_process_that_dies_at_any_call_makes_no_second_job(after: bool) -> None:
    """Before and after each call of an attempt: one Job, the version arrives once, and the Job goes."""
    whole = await killed_at(10_000, after=after)
    assert whole.ready() == ("True", "Promoted")
    for number in range(len(whole.outside.calls)):
        world = await killed_at(number, after=after)
        assert world.ready() == ("True", "Promoted"), number
        assert (len(world.cluster.made), jobs(world)) == (1, []), number
        assert [g.result for g in world.status().gates] == ["Passed"] * 3
        assert (world.registry.holders("Production"), world.registry.aliases) == (["7"], {"champion": "7"})
