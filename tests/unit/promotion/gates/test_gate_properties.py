"""What holds for any gates, any evidence and any registry: no way around a gate that is enforced, and no flapping."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlflow_operator.api.gates.gates import GateJob, GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, JobFound, Measured, ModelFile, Need, Reading, Reply
from mlflow_operator.promotion.facts import Facts, needs, questions
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW
from unit.promotion.test_properties import applied, check_status, claim_of, registries, specs

THROUGH = (GateResult.PASSED, GateResult.SKIPPED)
METRICS = ("auc", "loss")

numbers = st.sampled_from([0.0, 0.5, 0.9, 1.0, -1.0, math.inf, math.nan])
readings = st.lists(
    st.builds(Reading, numbers, st.sampled_from(["", "a", "b"])), max_size=3, unique_by=lambda r: r.dataset
)
measured = st.builds(
    Measured,
    readings.map(tuple),
    st.none() | numbers,
    st.sampled_from(["", "", "", "MLflow answered 403"]),
)
common: dict[str, st.SearchStrategy[Any]] = {
    "metric": st.sampled_from(METRICS),
    "source": st.sampled_from(["Auto", "LoggedModel", "Run"]),
    "dataset": st.sampled_from([None, "a"]),
    "missing": st.sampled_from(["Fail", "Inconclusive", "Skip"]),
    "mode": st.sampled_from(["Enforce", "Enforce", "DryRun"]),
}
bounds: dict[str, st.SearchStrategy[Any]] = {"min": st.sampled_from([0.0, 0.9]), "max": st.sampled_from([None, 1.0])}
metric_gates = st.fixed_dictionaries(bounds | common)
baselines = st.none() | st.sampled_from([{"alias": "champion"}, {"version": "2"}])
comparisons = st.fixed_dictionaries(
    {
        "baseline": baselines,
        "direction": st.sampled_from(["Higher", "Lower"]),
        "minImprovement": st.sampled_from([0, 0.1, -10]),
        "unit": st.sampled_from(["Absolute", "Percent"]),
        "noBaseline": st.sampled_from(["Pass", "Fail", "Inconclusive"]),
    }
    | common
)
windows = st.fixed_dictionaries(
    {
        "allow": st.sampled_from(
            [[{"cron": "0 3 * * *", "duration": "1h"}], [{"cron": "0 9 * * *", "duration": "8h"}]]
        ),
        "mode": st.sampled_from(["Enforce", "DryRun"]),
        "timeZone": st.sampled_from([None, None, "Europe/Rome", "Nowhere/Land"]),
    }
)
confirmations = st.fixed_dictionaries(
    {
        "type": st.just("Confirm"),
        "url": st.just("https://cab.example.com"),
        "mode": st.sampled_from(["Enforce", "Enforce", "DryRun"]),
    }
)
answers = st.builds(
    Reply,
    st.sampled_from([GateResult.PASSED, GateResult.PASSED, GateResult.FAILED, GateResult.WAITING, GateResult.ERROR]),
    st.sampled_from(["", "why"]),
    st.booleans(),
)


pod = {"spec": {"containers": [{"name": "validate", "image": "validate:1"}]}}
job_gates = st.fixed_dictionaries({"mode": st.sampled_from(["Enforce", "Enforce", "DryRun"])}).map(
    lambda gate: {"name": "j0", "template": pod, **gate}
)
reported = st.fixed_dictionaries({**bounds, "missing": common["missing"], "mode": common["mode"]}).map(
    lambda gate: {"name": "r0", "metric": "gap", "source": "Job", "job": "j0", **gate}
)
finished = st.builds(
    GateJob,
    name=st.just("fraud-j0"),
    tries=st.integers(1, 3),
    finished_at=st.just(NOW),
    metrics=st.dictionaries(st.just("gap"), st.sampled_from([0.0, 0.95])),
)
jobs_found = st.builds(
    JobFound,
    st.sampled_from([r for r in GateResult if r is not GateResult.SKIPPED]),
    st.just("it said so"),
    finished,
    st.none() | st.just("passed"),
    st.none() | st.just("ImagePullFailed"),
).filter(lambda found: found.reason is None or found.result is GateResult.ERROR)


@st.composite
def gates(draw: st.DrawFn, *, jobs: bool = True) -> dict[str, Any]:
    """Gates that the API server would accept, and a zone that it would not."""
    found = {
        "metrics": [{"name": f"m{n}", **g} for n, g in enumerate(draw(st.lists(metric_gates, max_size=2)))],
        "comparisons": [{"name": f"c{n}", **g} for n, g in enumerate(draw(st.lists(comparisons, max_size=2)))],
        "webhooks": [{"name": f"w{n}", **g} for n, g in enumerate(draw(st.lists(confirmations, max_size=2)))],
    }
    if jobs and draw(st.booleans()):
        found["jobs"] = [draw(job_gates)]
        found["metrics"] += draw(st.lists(reported, max_size=1))
    return found | ({"windows": draw(windows)} if draw(st.booleans()) else {})


def evidence_for(facts: Facts, draw: Any) -> Evidence:
    """Any answers to what is asked, and none to some of it."""
    wanted = sorted(needs(facts), key=lambda n: (int(n.origin.version), n.metric))
    found: dict[Need, Measured] = {}
    for need in wanted:
        if draw(st.integers(0, 4)):
            found[need] = draw(measured)
    jobs = {trial.known_by: draw(jobs_found) for trial in facts.trials if draw(st.booleans())}
    asked = sorted(questions(facts))
    replies = {which: draw(answers) for which in asked if draw(st.integers(0, 4))}
    return Evidence(ModelFile(signature=True), found, jobs=jobs, replies=replies)


def check_gates(claim: ModelPromotion, decision: Decision, now: datetime) -> None:
    """Nothing is written, and no attempt begins, while a gate that is enforced is not passed."""
    results = {(gate.type, gate.name): gate for gate in decision.gates or ()}
    enforced = [gate for gate in results.values() if gate.mode == "Enforce"]
    if decision.step is Step.WRITE and decision.gates is not None and claim.status.attempt is None:
        spec = claim.spec.gates
        asked = sum(len(each) for each in (spec.metrics, spec.comparisons, spec.jobs, spec.webhooks))
        assert len(results) == asked + (spec.windows is not None)
        assert all(gate.result in THROUGH for gate in enforced)
    if decision.reason.startswith(("Gate", "ImagePull", "Confirmation", "Webhook")) or decision.step is Step.CLOSED:
        assert any(gate.result not in THROUGH for gate in enforced)
    assert not (decision.blocked and decision.step is Step.WRITE)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=100)
@given(registries(), specs(), gates(), gates(jobs=False), st.data())
def test_nothing_is_written_past_a_gate_of_a_policy(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], more: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever the claim asks itself: what a policy asks is never less, and the same look says the same."""
    now = NOW.replace(hour=data.draw(st.integers(0, 23)))
    policy = PromotionPolicy.parse({"metadata": {"name": "p"}, "spec": {"gates": more}})
    claim = claim_of({**spec, "gates": asked})
    facts = Facts(claim, snapshot, now, policies=(policy,))
    evidence = evidence_for(facts, data.draw)
    decision = decide(claim, snapshot, now, evidence, policies=(policy,))
    alone = decide(claim, snapshot, now, evidence)
    if decision.step is Step.WRITE and claim.status.attempt is None:
        of_policy = [gate for gate in decision.gates or () if gate.origin == "policy/p" and gate.mode == "Enforce"]
        assert all(gate.result in THROUGH for gate in of_policy)
        assert alone.step is Step.WRITE
    status = compute(claim, snapshot, decision, now)
    kept = claim.model_copy(update={"status": ModelPromotionStatus.model_validate(status.wire())})
    assert compute(kept, snapshot, decide(kept, snapshot, now, evidence, policies=(policy,)), now) == status


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=150)
@given(registries(), specs(), gates(), st.integers(0, 23), st.data())
def test_nothing_is_written_past_a_gate(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], hour: int, data: st.DataObject
) -> None:
    """Whatever is measured: an enforced gate that is not passed stops every write; the same look says the same."""
    now = NOW.replace(hour=hour)
    claim = claim_of({**spec, "gates": asked})
    evidence = evidence_for(Facts(claim, snapshot, now), data.draw)
    decision = decide(claim, snapshot, now, evidence)
    check_gates(claim, decision, now)
    status = compute(claim, snapshot, decision, now)
    kept = claim.model_copy(update={"status": ModelPromotionStatus.model_validate(status.wire())})
    assert kept.status == status
    assert compute(kept, snapshot, decide(kept, snapshot, now, evidence), now) == status
    assert compute(kept, snapshot, decide(kept, snapshot, now + timedelta(seconds=1), evidence), now) == status


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=100)
@given(registries(), specs(), gates(), st.data())
def test_dry_runs_never_block(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], data: st.DataObject
) -> None:
    """With every gate in DryRun a claim does what it would do without any."""
    for kind in ("metrics", "comparisons", "webhooks", *(["jobs"] if "jobs" in asked else [])):
        asked[kind] = [gate | {"mode": "DryRun"} for gate in asked[kind]]
    if "windows" in asked:
        asked["windows"] |= {"mode": "DryRun"}
    claim, without = claim_of({**spec, "gates": asked}), claim_of(spec)
    found = decide(claim, snapshot, NOW, evidence_for(Facts(claim, snapshot, NOW), data.draw))
    bare = decide(without, snapshot, NOW, Evidence(ModelFile(signature=True)))
    assert (found.step, found.reason, found.message) == (bare.step, bare.reason, bare.message)


def registered(snapshot: Snapshot, at: int) -> Snapshot:
    """The same with every version registered at a moment that MLflow tells, in seconds."""
    return replace(snapshot, versions={n: replace(v, created=at * 1000) for n, v in snapshot.versions.items()})


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=100)
@given(registries(), registries(), specs(), gates(), st.data())
def test_answers_about_other_versions_let_nothing_pass(
    before: Snapshot, after: Snapshot, spec: dict[str, Any], asked: dict[str, Any], data: st.DataObject
) -> None:
    """What was found on one registry opens no gate on another one, in which every version was registered anew."""
    asked.pop("windows", None)
    asked["metrics"] = [gate | {"mode": "Enforce"} for gate in asked["metrics"]]
    claim = claim_of({**spec, "gates": asked})
    before, anew = registered(before, 1), registered(after, 2)
    evidence = evidence_for(Facts(claim, before, NOW), data.draw)
    status = compute(claim, before, decide(claim, before, NOW, evidence), NOW)
    decision = decide(claim_of({**spec, "gates": asked}, status), anew, NOW, evidence)
    asks = asked["metrics"] or any(hook["mode"] == "Enforce" for hook in asked["webhooks"])
    assert not (asks and decision.step is Step.WRITE)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=100)
@given(registries(), specs(), gates(), st.data())
def test_a_gated_promotion_comes_to_rest(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], data: st.DataObject
) -> None:
    """After the write the slot is held, whatever the gates would say then, and the status stays as it is."""
    asked.pop("windows", None)
    claim = claim_of({**spec, "gates": asked})
    decision = decide(claim, snapshot, NOW, evidence_for(Facts(claim, snapshot, NOW), data.draw))
    if decision.step is not Step.WRITE:
        return
    intent = claim_of({**spec, "gates": asked}, compute(claim, snapshot, decision, NOW))
    done = applied(snapshot, claim.spec, decision.plan)
    after = decide(intent, done, NOW, Evidence(ModelFile(signature=True)))
    assert after.step is Step.HOLD
    status = compute(intent, done, after, NOW)
    assert status.gates == intent.status.gates
    check_status(claim_of({**spec, "gates": asked}), done, status, NOW)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=150)
@given(registries(), specs(), gates(), st.data())
def test_no_pod_is_started_before_everything_cheaper_is_passed(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever is measured: a Job may begin only where all that is left are Jobs, what they report, and windows."""
    claim = claim_of({**spec, "gates": asked})
    facts = Facts(claim, snapshot, NOW, evidence_for(Facts(claim, snapshot, NOW), data.draw))
    if not facts.may_validate:
        return
    reports = {gate.name for gate in claim.spec.gates.metrics if gate.job}
    cheap = [g for g in facts.checklist.results if g.type in ("Metric", "Comparison") and g.name not in reports]
    assert facts.unmet == ()
    assert all(gate.mode == "DryRun" or gate.result in THROUGH for gate in cheap)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=100)
@given(registries(), specs(), gates(), st.data())
def test_what_a_job_has_answered_stands_without_the_job(
    snapshot: Snapshot, spec: dict[str, Any], asked: dict[str, Any], data: st.DataObject
) -> None:
    """From the status alone the next process knows it, and asks for no second Job."""
    claim = claim_of({**spec, "gates": asked})
    evidence = evidence_for(Facts(claim, snapshot, NOW), data.draw)
    decision = decide(claim, snapshot, NOW, evidence)
    if not decision.gates or decision.step is Step.WRITE or decision.attempt != claim.status.attempt:
        return
    after = claim_of({**spec, "gates": asked}, compute(claim, snapshot, decision, NOW))
    results = [gate for gate in decision.gates if gate.type == "Job" and gate.job]
    known = Facts(after, snapshot, NOW, replace(evidence, jobs={}))
    assert [gate for gate in known.checklist.results if gate.type == "Job" and gate.job] == results
    answered = {gate.digest for gate in results if gate.result in (*THROUGH, "Failed", "Inconclusive")}
    assert not answered & {trial.known_by for trial in known.trials}
