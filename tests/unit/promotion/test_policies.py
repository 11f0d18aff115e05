"""What a platform asks beside the claim: of which claims, and that nobody gets around it."""

from collections.abc import Mapping
from typing import Any

import pytest

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, ModelFile
from mlflow_operator.promotion.policies.governing import Circumstances, governs
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import Wish
from mlflow_operator.status.promotion import compute
from unit.promotion.gates.measured import known, logged, models
from unit.promotion.gates.test_gates import AUC, OPEN, SHUT

from .claims import NOW, SIGNED, claim, promoted, registry
from .test_rollback import past


def policy(name: str = "platform", generation: int = 2, **spec: Any) -> PromotionPolicy:
    """A policy; ``spec`` as YAML has it."""
    return PromotionPolicy.parse({"metadata": {"name": name, "generation": generation}, "spec": spec})


def at(labels: Mapping[str, str] | None = None, *servers: tuple[str, str]) -> Circumstances:
    """Where a claim is."""
    return Circumstances(labels or {}, frozenset(servers))


MIRRORED: dict[str, Any] = {"target": {"stage": "Production", "mirrorAlias": "champion"}}
TIER = {"namespaces": {"matchLabels": {"tier": "regulated"}}}
MLFLOW = {"servers": [{"name": "mlflow", "namespace": "platform"}]}
ABOUT: dict[str, tuple[dict[str, Any], dict[str, Any], Circumstances, bool]] = {
    "everything": ({}, {}, at(), True),
    "its model": ({"models": ["credit", "fr*d"]}, {}, at(), True),
    "another model": ({"models": ["fraud-*"]}, {}, at(), False),
    "its stage": ({"slots": [{"stage": "Production"}]}, {}, at(), True),
    "another stage": ({"slots": [{"stage": "Staging"}]}, {}, at(), False),
    "its alias": ({"slots": [{"alias": "champion"}]}, {"target": {"alias": "champion"}}, at(), True),
    "the alias that moves along": ({"slots": [{"alias": "champion"}]}, MIRRORED, at(), True),
    "another alias": ({"slots": [{"alias": "challenger"}]}, MIRRORED, at(), False),
    "its namespace": (TIER, {}, at({"tier": "regulated"}), True),
    "another namespace": (TIER, {}, at({"tier": "lab"}), False),
    "a namespace without labels": (TIER, {}, at(), False),
    "its server": (MLFLOW, {}, at({}, ("platform", "mlflow")), True),
    "another server": (MLFLOW, {}, at(), False),
    "all of it": ({"models": ["fraud"], **TIER, **MLFLOW}, {}, at({"tier": "regulated"}, ("platform", "mlflow")), True),
    "all but one": ({"models": ["fraud"], **TIER, **MLFLOW}, {}, at({"tier": "regulated"}), False),
}


@pytest.mark.parametrize(("about", "spec", "where", "governed"), ABOUT.values(), ids=ABOUT)
def test_which_claims_a_policy_governs(
    about: dict[str, Any], spec: dict[str, Any], where: Circumstances, governed: bool
) -> None:
    """All that is written has to fit, and what is left out fits everything."""
    assert governs(policy(governs=about, requires={"signature": True}), claim(**spec), where) is governed


def decided(made: ModelPromotion, *policies: PromotionPolicy, value: float = 0.93) -> Decision:
    """What follows for version 7 in Staging, where the metric has this value."""
    snapshot = models(v7="Staging")
    return decide(made, snapshot, NOW, known(snapshot, v7=logged(value)), policies=policies)


def test_a_policy_is_asked_though_the_claim_asks_for_nothing() -> None:
    """Who asks is in the result and in the message."""
    decision = decided(claim(), policy(gates={"metrics": [AUC]}), value=0.88)
    assert (decision.step, decision.reason) == (Step.REFUSE, "GateFailed")
    assert decision.gates is not None
    assert decision.gates[0].origin == "policy/platform"
    assert decision.message.startswith("gate auc (policy platform): val_auc of the logged model of version 7 is 0.88")


@pytest.mark.parametrize(("own", "other", "passes"), [(0.9, 0.95, False), (0.95, 0.9, False), (0.9, 0.92, True)])
def test_of_two_bounds_the_stricter_one_holds(own: float, other: float, passes: bool) -> None:
    """Whoever has it; both are shown, under one name too."""
    decision = decided(
        claim(gates={"metrics": [AUC | {"min": own}]}), policy(gates={"metrics": [AUC | {"min": other}]})
    )
    assert (decision.step is Step.WRITE) is passes
    assert [g.origin for g in decision.gates or ()] == ["spec", "policy/platform"]


@pytest.mark.parametrize("mode", ["spec", "policy"])
def test_a_dry_run_of_one_weakens_no_gate_of_the_other(mode: str) -> None:
    """The same gate is measured for both, and only the one that is tried out is in nobody's way."""
    gates = {"metrics": [AUC]}
    tried = {"metrics": [AUC | {"mode": "DryRun"}]}
    own, other = (tried, gates) if mode == "spec" else (gates, tried)
    decision = decided(claim(gates=own), policy(gates=other), value=0.5)
    assert decision.step is Step.REFUSE
    assert len(decision.blocked) == 1


def test_windows_have_to_be_open_all_at_once() -> None:
    """That of a policy is asked beside the claim's own."""
    decision = decided(claim(gates={"windows": OPEN}), policy(gates={"windows": SHUT}))
    assert (decision.step, decision.reason) == (Step.CLOSED, "WindowClosed")
    assert decision.message.endswith("(policy platform)")
    assert decision.window is not None
    assert not decision.window.open


def test_requirements_of_a_policy_are_asked_and_named() -> None:
    """With those of the claim, all at once."""
    made = claim(requires={"tags": [{"key": "mine"}]})
    asked = policy(requires={"signature": True, "tags": [{"key": "vouched"}], "currentStage": ["Staging"]})
    decision = decide(made, registry(v7="None"), NOW, Evidence(ModelFile()), policies=(asked,))
    assert [u.reason for u in decision.unmet] == ["TagMissing", "WrongStage", "SignatureMissing", "TagMissing"]
    assert [u.message.endswith("(policy platform)") for u in decision.unmet] == [False, True, True, True]


def test_time_in_another_slot_is_remembered_for_each_who_asks() -> None:
    """Slots of their own, of which the claim names only one."""
    soak = {"minSoak": {"slot": {"stage": "Staging"}, "duration": "1h"}}
    other = {"minSoak": {"slot": {"alias": "canary"}, "duration": "1h"}}
    snapshot = registry({"canary": "7"}, v7="Staging")
    decision = decide(claim(requires=soak), snapshot, NOW, SIGNED, policies=(policy(requires=other),))
    assert [(entry.slot, entry.version) for entry in decision.soak] == [("stage/Staging", "7"), ("alias/canary", "7")]
    assert [u.reason for u in decision.unmet] == ["SoakPending", "SoakPending"]


def test_the_attempt_says_by_which_policies_it_was_asked() -> None:
    """With their generation, so that an audit finds what they said then."""
    attempt = decided(claim(), policy("a", 1, gates={"metrics": [AUC]}), policy("b", 7, requires={})).attempt
    assert attempt is not None
    assert (attempt.policies, attempt.gated) == (["a@1", "b@7"], Wish.of(claim()).gated)


def test_what_is_promoted_stays_whatever_a_policy_asks_later() -> None:
    """It holds for the next version; the status of the settled one says nothing new either."""
    made = claim(past(7))
    wish = Wish.of(made)
    assert made.status.attempt is not None
    attempt = made.status.attempt.model_copy(update={"digest": wish.digest})
    made = made.model_copy(update={"status": made.status.model_copy(update={"attempt": attempt})})
    snapshot = registry(v7="Production")
    without = decide(made, snapshot, NOW)
    late = policy(gates={"metrics": [AUC], "windows": SHUT}, requires={"signature": True})
    with_ = decide(made, snapshot, NOW, policies=(late,))
    assert with_.step is Step.HOLD
    assert compute(made, snapshot, with_, NOW) == compute(made, snapshot, without, NOW)


def test_what_was_found_of_another_version_is_not_shown_of_the_one_that_came_back() -> None:
    """A claim asks for a worse version and is put back: it is promoted, and no gate of the other one is beside it."""
    made, asked = claim(), (policy(gates={"metrics": [AUC]}),)
    done = made.model_copy(update={"status": promoted(made, models(v7="Staging"), models(v7="Production"))})
    worse = claim(done.status, version=8)
    snapshot = models(v7="Production", v8="Staging")
    evidence = known(snapshot, v8=logged(0.5))
    refused = compute(worse, snapshot, decide(worse, snapshot, NOW, evidence, policies=asked), NOW)
    assert {gate.result for gate in refused.gates} == {"Failed"}
    back = made.model_copy(update={"status": refused})
    again = compute(back, snapshot, decide(back, snapshot, NOW, policies=asked), NOW)
    assert (again.phase, again.gates, again.gate_summary) == ("Promoted", [], None)


def test_half_a_promotion_is_finished_though_a_policy_comes() -> None:
    """Its gates were passed, the stage has moved, and the alias is left to be moved."""
    made = claim(**MIRRORED)
    first = policy(gates={"metrics": [AUC]})
    snapshot = models(v7="Staging")
    begun = decide(made, snapshot, NOW, known(snapshot, v7=logged(0.93)), policies=(first,))
    assert begun.attempt is not None
    made = made.model_copy(update={"status": compute(made, snapshot, begun, NOW)})
    moved: Snapshot = models(v7="Production")
    after = decide(made, moved, NOW, policies=(first, policy("late", gates={"windows": SHUT})))
    assert after.step is Step.WRITE
    assert [move.name for move in after.plan.aliases] == ["champion"]
    assert after.attempt is not None
    assert after.attempt.policies == ["platform@2"]


def test_half_a_promotion_that_nobody_asked_anything_is_finished_too() -> None:
    """Neither the claim nor a policy asked for gates when it began; one that comes in between is for the next one."""
    made = claim(**MIRRORED)
    begun = decide(made, models(v7="Staging"), NOW)
    made = made.model_copy(update={"status": compute(made, models(v7="Staging"), begun, NOW)})
    late = policy("late", gates={"windows": SHUT, "metrics": [AUC]}, requires={"tags": [{"key": "vouched"}]})
    after = decide(made, models(v7="Production"), NOW, policies=(late,))
    assert (after.step, [move.name for move in after.plan.aliases]) == (Step.WRITE, ["champion"])
    assert decide(made, models(v7="Staging"), NOW, policies=(late,)).step is not Step.WRITE


SKIPS = {"skipGates": ["metrics", "windows"]}


@pytest.mark.parametrize(
    ("own", "other", "promoted"),
    [(SKIPS, SKIPS, True), (SKIPS, {}, False), ({}, SKIPS, False), (SKIPS, {"skipGates": ["windows"]}, False)],
)
def test_a_rollback_skips_what_both_let_it_skip(own: dict[str, Any], other: dict[str, Any], promoted: bool) -> None:
    """A claim cannot skip what the platform asks, unless the platform lets it."""
    made = claim(past(7, 8), rollback=own)
    asked = policy(gates={"metrics": [AUC], "windows": SHUT}, rollback=other)
    decision = decide(made, models(v7="Archived", v8="Production"), NOW, policies=(asked,))
    assert (decision.step is Step.WRITE) is promoted
