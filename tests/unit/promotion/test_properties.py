"""What holds for every registry, every claim and everything that others do in between."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.api.attempt import Plan
from mlflow_operator.api.modelpromotion import ModelPromotion, ModelPromotionStatus
from mlflow_operator.api.slots import Stage
from mlflow_operator.errors import OperatorError, RegistryUnavailable, Terminal, Waiting
from mlflow_operator.promotion.decision import Decision, Step, concluded
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.plan import is_empty, plan, repair
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import REASSERT, Wish
from mlflow_operator.status.promotion import compute, compute_failed

from .claims import NOW, SIGNED, over
from .meanings import unexplained

STAGES = [stage.value for stage in Stage]
ALIASES = ("champion", "challenger")
VERSIONS = ("1", "2", "3", "10", "999999999")
LONGEST = 32768
"""Characters that the API server takes in a condition's message."""

tags = st.dictionaries(st.sampled_from(["team", "ok"]), st.text(max_size=5), max_size=2)
numbers = st.sampled_from(VERSIONS)
statuses = st.sampled_from(["READY"] * 6 + ["PENDING_REGISTRATION", "FAILED_REGISTRATION"])


@st.composite
def registries(draw: st.DrawFn) -> Snapshot:
    """A model with any versions in any stages; aliases point to what is there."""
    names = draw(st.sets(numbers))
    stage = st.sampled_from(STAGES)
    versions = {n: ModelVersion(n, draw(stage), draw(statuses), draw(st.text(max_size=9)), draw(tags)) for n in names}
    aliases = {a: draw(st.sampled_from(sorted(names))) for a in draw(st.sets(st.sampled_from(ALIASES))) if names}
    return Snapshot("fraud", versions, aliases)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A spec that the API server would accept."""
    stage = draw(st.none() | st.sampled_from(STAGES))
    mirror = {"mirrorAlias": draw(st.sampled_from(ALIASES))} if stage and draw(st.booleans()) else {}
    kept = [None, "Keep"] + (["Archive"] if stage in ("Staging", "Production") else [])
    key = st.fixed_dictionaries({"key": st.sampled_from(["team", "ok"])}, optional={"value": st.text(max_size=2)})
    requires = {
        "currentStage": draw(st.lists(st.sampled_from(STAGES), unique=True, max_size=2)),
        "tags": draw(st.lists(key, max_size=1)),
        "signature": draw(st.booleans()),
    }
    return {
        "serverRef": {"name": "mlflow"},
        "model": "fraud",
        "target": {"stage": stage, **mirror} if stage else {"alias": draw(st.sampled_from(ALIASES))},
        "version": draw(numbers | numbers.map(int)),
        "existingVersions": draw(st.sampled_from(kept)),
        "requires": requires if draw(st.integers(0, 3)) == 0 else {},
        "tags": draw(tags),
        "dryRun": draw(st.integers(0, 5)) == 0,
        "suspend": draw(st.integers(0, 5)) == 0,
        "historyLimit": draw(st.integers(2, 4)),
    }


def claim_of(spec: dict[str, Any], status: ModelPromotionStatus | None = None, request: str = "") -> ModelPromotion:
    """The claim as the API server returns it: whatever it was told, through JSON and back."""
    annotations = {REASSERT: request} if request else {}
    metadata = {"name": "fraud", "namespace": "team", "generation": 1, "annotations": annotations}
    return ModelPromotion.parse({"metadata": metadata, "spec": spec, "status": status.wire() if status else {}})


def applied(snapshot: Snapshot, spec: Any, todo: Plan) -> Snapshot:
    """The registry after a plan."""
    versions, aliases = dict(snapshot.versions), dict(snapshot.aliases)
    for move in todo.moves:
        versions[move.version] = replace(versions[move.version], stage=move.to_stage)
    aliases |= {move.name: move.to_version for move in todo.aliases}
    if todo.tags:
        held = versions[spec.version]
        versions[spec.version] = replace(held, tags={**held.tags, **todo.tags})
    return Snapshot(snapshot.model, versions, aliases)


def looked_at(claim: ModelPromotion, snapshot: Snapshot, now: datetime) -> Decision:
    """One decision, with the signature there."""
    return decide(claim, snapshot, now, SIGNED)


def check_status(claim: ModelPromotion, snapshot: Snapshot, status: ModelPromotionStatus, now: datetime) -> None:
    """A status survives the API server, says no two things at once, and is the same at the next look."""
    kept = claim.model_copy(update={"status": ModelPromotionStatus.model_validate(status.wire())})
    assert kept.status == status
    true = {c.type for c in status.conditions if c.status == "True"}
    assert not {"Reconciling", "Stalled"} <= true
    assert ("Ready" in true) != bool({"Reconciling", "Stalled"} & true)
    assert all(0 < len(c.message) <= LONGEST and c.reason.isalnum() for c in status.conditions)
    assert unexplained(status.wire()) is None
    assert len(status.history) <= claim.spec.history_limit
    numbers = [a.number for a in status.history]
    assert numbers == sorted(set(numbers), reverse=True)
    assert all(a.finished_at and a.result for a in status.history)
    later = now + timedelta(hours=1)
    assert compute(kept, snapshot, looked_at(kept, snapshot, later), later) == status


@given(
    registries(), st.lists(st.tuples(specs(), registries(), st.sampled_from(["", "a", "b"])), min_size=1, max_size=4)
)
def test_whatever_happens_a_claim_comes_to_rest(first: Snapshot, turns: list[tuple[Any, Snapshot, str]]) -> None:
    """Wishes change, others move things: after each plan the slot is held, no status flaps, no attempt is skipped."""
    fixed = {key: turns[0][0][key] for key in ("target", "existingVersions")}
    status, snapshot, now, numbers = None, first, NOW, [0]
    for spec, foreign, request in turns:
        now += timedelta(minutes=1)
        claim = claim_of({**spec, **fixed}, status, request)
        settled = Facts(claim, snapshot, now).settled
        decision = looked_at(claim, snapshot, now)
        assert not (settled and decision.plan.moves and decision.step is Step.WRITE)
        assert not ((claim.spec.suspend or claim.spec.dry_run) and decision.step is Step.WRITE)
        status = compute(claim, snapshot, decision, now)
        check_status(claim, snapshot, status, now)
        if decision.step is Step.WRITE:
            assert decision.attempt is not None
            claim = claim_of({**spec, **fixed}, status, request)
            snapshot = applied(snapshot, claim.spec, decision.plan)
            after = looked_at(concluded(claim, decision.attempt, Wish.of(claim).tagged, now), snapshot, now)
            assert settled or after.step is Step.HOLD, after
            status = compute(claim, snapshot, after, now)
            check_status(claim, snapshot, status, now)
        if status.attempt and status.attempt.number != numbers[-1]:
            numbers.append(status.attempt.number)
        snapshot = foreign
    assert numbers == list(range(len(numbers)))


@given(registries(), specs())
def test_a_plan_is_minimal_and_needed_once(snapshot: Snapshot, spec: dict[str, Any]) -> None:
    """Everything in it changes something, and nothing is left of it afterwards."""
    claim = claim_of(spec)
    if claim.spec.version not in snapshot.versions:
        return
    wish, target = Wish.of(claim), claim.spec.target
    todo = plan(target, wish, snapshot, claim.spec.tags)
    assert all(m.from_stage == snapshot.versions[m.version].stage != m.to_stage for m in todo.moves)
    assert all(a.from_version == snapshot.aliases.get(a.name) != a.to_version for a in todo.aliases)
    assert len({m.version for m in todo.moves}) == len(todo.moves)
    after = applied(snapshot, claim.spec, todo)
    assert is_empty(plan(target, wish, after, claim.spec.tags))
    assert is_empty(repair(target, wish, after))
    assert claim.spec.version in after.holders(claim.spec.target)
    assert not wish.exclusive or after.holders(claim.spec.target) == [claim.spec.version]


@given(registries(), specs())
def test_a_plan_touches_nothing_but_its_slot(snapshot: Snapshot, spec: dict[str, Any]) -> None:
    """Only the version itself and those that it replaces change, and only the aliases of the target."""
    claim = claim_of(spec)
    if claim.spec.version not in snapshot.versions:
        return
    todo = plan(claim.spec.target, Wish.of(claim), snapshot, {})
    before = set(snapshot.holders(claim.spec.target))
    assert {m.version for m in todo.moves} <= before | {claim.spec.version}
    assert {a.name for a in todo.aliases} <= {claim.spec.target.alias, claim.spec.target.mirror_alias}


@given(registries(), specs(), st.booleans())
def test_a_lower_claim_takes_nothing_from_a_higher_stage(snapshot: Snapshot, spec: dict[str, Any], new: bool) -> None:
    """What is in Production stays there, whatever a claim on Staging or None wants; it says that it went on."""
    order = ["None", "Staging", "Production"]
    claim = claim_of(spec)
    version, stage = snapshot.versions.get(claim.spec.version), claim.spec.target.stage
    decision = looked_at(claim if new else over(claim), snapshot, NOW)
    if version is None or stage not in order or version.stage not in order[order.index(stage) + 1 :]:
        return
    assert decision.step in (Step.ONWARD, Step.REST)


@given(registries(), specs())
def test_steps_that_touch_nothing_are_the_only_ones_of_a_claim_that_must_not(
    snapshot: Snapshot, spec: dict[str, Any]
) -> None:
    """Suspended claims and dry runs write nothing, whatever the registry holds."""
    decision = looked_at(claim_of(spec), snapshot, NOW)
    assert not ((spec["suspend"] or spec["dryRun"]) and decision.step is Step.WRITE)
    assert decision.message
    assert (decision.step in (Step.WAIT, Step.REFUSE)) >= bool(decision.unmet)


@given(registries(), specs(), st.sampled_from([Waiting, Terminal, RegistryUnavailable]), st.text(min_size=1))
def test_a_failed_look_survives_the_api_server(
    snapshot: Snapshot, spec: dict[str, Any], kind: type[OperatorError], text: str
) -> None:
    """A status without a look is the same at the next failure, and keeps what was known."""
    claim = claim_of(spec)
    known = compute(claim, snapshot, looked_at(claim, snapshot, NOW), NOW)
    claim = claim_of(spec, known)
    failed = compute_failed(claim, kind("Reason", text), NOW)
    assert ModelPromotionStatus.model_validate(failed.wire()) == failed
    again = claim.model_copy(update={"status": failed})
    assert compute_failed(again, kind("Reason", text), NOW + timedelta(hours=1)) == failed
    assert (failed.holders, failed.history, failed.attempt) == (known.holders, known.history, known.attempt)
    true = {c.type for c in failed.conditions if c.status == "True"}
    assert len({"Reconciling", "Stalled"} & true) == 1


WAYS_OUT = {
    "another": ("Archived", ["1"], {}, "set spec.version to 1"),
    "nobody": ("Archived", [], {}, "moved it: annotate"),
    "several others": ("Archived", ["1", "2"], {}, "moved it: annotate"),
    "both": ("Production", ["1"], {}, "remove the others"),
    "alias only": ("Production", [], {"champion": "1"}, "moved it: annotate"),
}
"""Where ours is, who else is in Production, the aliases, and what is advised."""


@pytest.mark.parametrize(("ours", "others", "aliases", "words"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_the_ways_out_of_drift_lead_out(ours: str, others: list[str], aliases: dict[str, str], words: str) -> None:
    """Nobody is told to accept what the spec says already, nor to remove others where there are none."""
    stages = {"7": ours, **dict.fromkeys(others, "Production")}
    found = Snapshot("fraud", {v: ModelVersion(v, stage, "READY") for v, stage in stages.items()}, aliases)
    target = {"stage": "Production", **({"mirrorAlias": "champion"} if aliases else {})}
    claim = claim_of({"serverRef": {"name": "mlflow"}, "model": "fraud", "version": 7, "target": target})
    decision = looked_at(over(claim), found, NOW)
    assert decision.step is Step.REPORT
    assert words in decision.message


def test_messages_are_bounded() -> None:
    """Ten thousand versions in a stage, and tags as long as MLflow takes them, still make a status that is accepted."""
    versions = {str(n): ModelVersion(str(n), "None", "READY", tags={"ok": "x" * 5000}) for n in range(1, 10_001)}
    crowd = Snapshot("fraud", versions, {})
    required = [{"key": "ok", "value": "y" * 5000}, *({"key": f"k{n}", "value": "z" * 5000} for n in range(31))]
    spec = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "None"}, "version": 1}
    for extra in ({"requires": {"tags": required}}, {"suspend": True}, {}):
        claim = claim_of({**spec, **extra})
        left = replace(crowd, versions={**versions, "1": replace(versions["1"], stage="Archived")})
        decision = looked_at(over(claim), left, NOW)
        for found in (decision, looked_at(claim, crowd, NOW)):
            status = compute(claim, crowd, found, NOW)
            assert max(len(c.message) for c in status.conditions) <= LONGEST
    failed = compute_failed(claim, Waiting("Long", "x" * 100_000), NOW)
    assert max(len(c.message) for c in failed.conditions) <= LONGEST
