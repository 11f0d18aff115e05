"""From asking people to the write: in which order, for how long, and what is remembered of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.promotion.decision import Decision, Step, concluded
from mlflow_operator.promotion.rules import APPROVED_BY, decide
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import REASSERT, Wish
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW, claim, over, with_version
from unit.promotion.test_policies import policy

from .approvals import ALICE, HELD, ONE, SOON, TWO, again, asked_of, asking, decided, looked, rejected, said, written
from .measured import known, logged, version

AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}
SHUT = {"allow": [{"cron": "0 0 1 * *", "duration": "1h"}]}
MIRROR: dict[str, Any] = {"target": {"stage": "Production", "mirrorAlias": "champion"}}


def promoted_after(made: ModelPromotion, yes: PromotionApproval) -> tuple[ModelPromotion, Snapshot]:
    """The claim and the registry after the write."""
    decision = decided(made, yes)
    assert decision.attempt is not None
    intent = written(made, compute(made, HELD, decision, SOON))
    after = with_version(with_version(HELD, version("6", "Archived")), version("7", "Production"))
    done = concluded(intent, decision.attempt, Wish.of(made).tagged, SOON)
    return written(made, compute(intent, after, decide(done, after, SOON), SOON)), after


def test_who_has_approved_is_remembered() -> None:
    """In the attempt, in the history, in the condition, and as a tag on the version in MLflow."""
    made = asking(**TWO)
    decision = decided(made, said(made, "carol"), said(made, "bob"))
    assert decision.plan.tags[APPROVED_BY] == "bob, carol"
    one = asking()
    done, _ = promoted_after(one, said(one))
    assert [entry.approved_by for entry in done.status.history] == [["bob"]]
    approved = next(c for c in done.status.conditions if c.type == "Approved")
    assert (approved.status, approved.message) == ("True", "approved by bob")
    assert asked_of(done).summary == "1 of 1 by bob"


def test_other_gates_are_not_said_to_be_approved() -> None:
    """Who approved the attempt has approved its gates, and not those that are written after it."""
    one = asking()
    done, after = promoted_after(one, said(one))
    later = looked(again(done, gates={"approval": {"required": 2}}), after, SOON)
    found = {c.type: (c.status, c.reason) for c in later.status.conditions}
    assert (found["Promoted"][0], found["Approved"]) == ("True", ("Unknown", "NotChecked"))


def test_an_approval_is_of_one_attempt() -> None:
    """The same version, asked for once more by the same person after somebody has moved it, needs another one."""
    made = asking()
    yes = said(made)
    done, after = promoted_after(made, yes)
    moved = with_version(with_version(after, version("6", "Production")), version("7", "Staging"))
    drifted = looked(done, moved, SOON, yes)
    assert drifted.status.phase == "Drifted"
    decision = decided(again(drifted, {**ALICE, REASSERT: "1"}), yes, snapshot=moved)
    assert decision.reason == "ApprovalRequired"


def test_a_rollback_is_approved_too() -> None:
    """What an emergency may skip are machines and windows."""
    gates = {"approval": {}, "metrics": [AUC], "windows": SHUT}
    spec: dict[str, Any] = {"gates": gates, "rollback": {"skipGates": ["metrics", "comparisons", "windows"]}}
    first = over(claim(annotations=ALICE, version=6, **spec))
    second = over(claim(first.status, ALICE, version=8, **spec))
    made = looked(claim(second.status.model_copy(update={"history": [first.status.attempt]}), ALICE, version=6, **spec))
    assert made.status.phase == "AwaitingApproval"
    assert decided(made, said(made)).step is Step.WRITE


def test_a_policy_asks_people_whatever_the_claim_asks() -> None:
    """They are asked once, by the stricter of both; another policy, or another number, is something else to approve."""
    asks = policy(gates={"approval": {"required": 2, "timeout": "1h"}})
    for own in ({}, {"approval": {"allowSelfApproval": True, "timeout": "2h"}}):
        made = claim(annotations=ALICE, gates=own)
        first = decided(made, policies=(asks,), now=NOW)
        waiting = written(made, compute(made, HELD, first, NOW))
        assert (first.step, asked_of(waiting).required) == (Step.ASK, 2)
        assert asked_of(waiting).expires == NOW + timedelta(hours=1)
        assert [c.status for c in waiting.status.conditions if c.type == "Approved"] == ["False"]
        yes = (said(waiting), said(waiting, "carol"))
        assert decided(waiting, *yes, policies=(asks,)).step is Step.WRITE
        assert decided(waiting, said(waiting), said(waiting, "alice"), policies=(asks,)).step is Step.ASK
        for other in (
            policy(gates={"approval": {"required": 1}}),
            policy("other", gates={"approval": {"required": 2}}),
        ):
            assert decided(waiting, *yes, policies=(other,)).step is Step.ASK


def test_an_attempt_that_nobody_approved_names_nobody() -> None:
    """The tag of an earlier attempt would lie."""
    tagged = with_version(HELD, replace(version("7", "Staging"), tags={APPROVED_BY: "bob"}))
    assert decide(claim(), tagged, NOW).plan.tags[APPROVED_BY] == "nobody"
    assert APPROVED_BY not in decide(claim(), HELD, NOW).plan.tags


def test_people_are_asked_once_machines_have_nothing_to_say() -> None:
    """A metric that fails is not shown to people; one that falls later stops what they have approved."""
    asks: dict[str, Any] = {"gates": {"approval": {}, "metrics": [AUC]}}
    bad, good = known(HELD, v7=logged(0.5)), known(HELD, v7=logged(0.95))
    made = claim(annotations=ALICE, **asks)
    decision = decided(made, evidence=bad)
    assert (decision.reason, decision.approval) == ("GateFailed", None)
    assert [(g.name, g.result) for g in decision.gates or ()] == [("auc", "Failed"), ("approval", "Waiting")]
    waiting = written(made, compute(made, HELD, decided(made, evidence=good, now=NOW), NOW))
    yes = said(waiting)
    stopped = decided(waiting, yes, evidence=bad)
    assert stopped.reason == "GateFailed"
    assert stopped.approval == asked_of(waiting).model_copy(update={"by": ["bob"], "summary": "1 of 1 by bob"})
    fallen = written(waiting, compute(waiting, HELD, stopped, SOON))
    assert decided(fallen, yes, evidence=good).step is Step.WRITE, "it is what was approved, once it passes again"


def test_requirements_come_first_too() -> None:
    """Nobody is asked about a version that may not be promoted anyway."""
    decision = decided(claim(annotations=ALICE, requires={"currentStage": ["None"]}, **ONE))
    assert (decision.reason, decision.approval) == ("WrongStage", None)


def test_time_runs_out() -> None:
    """Stalled then, whoever approves later; who was in time counts, even if that is seen later."""
    made = asking()
    end = asked_of(made).expires
    over = decided(made, now=end)
    assert (over.step, over.reason) == (Step.REFUSE, "ApprovalTimedOut")
    assert "0 of 1 approvals of version 7 for stage/Production by 2026-01-05T03:04:05Z, which is over" in over.message
    later = end + timedelta(hours=1)
    assert decided(made, said(made, made_at=end), now=later).step is Step.REFUSE
    assert decided(made, said(made, made_at=end - timedelta(seconds=1)), now=later).step is Step.WRITE


def test_who_comes_after_the_time_is_too_late_within_the_same_second() -> None:
    """The API server dates what people say to the second that it fell in, so time runs out with a second's end."""
    made = asking(now=NOW + timedelta(milliseconds=300))
    end = asked_of(made).expires
    assert end == NOW + timedelta(hours=72, seconds=1)
    for moment, step in ((end - timedelta(milliseconds=100), Step.WRITE), (end, Step.REFUSE)):
        dated = moment.replace(microsecond=0)
        assert decided(made, said(made, made_at=dated), now=end).step is step


@pytest.mark.parametrize("how", [{"annotations": {**ALICE, REASSERT: "1"}}, {"spec": {"version": 8}}])
def test_what_was_rejected_or_timed_out_is_asked_for_once_more(how: dict[str, Any]) -> None:
    """By the annotation, or by another wish; the time begins anew, and the old no is about something else."""
    made = asking()
    late = asked_of(made).expires + timedelta(hours=1)
    stopped = looked(made, HELD, late, rejected(made))
    assert stopped.status.phase == "Refused"
    changed = again(stopped, how.get("annotations"), **how.get("spec", {}))
    anew = decided(changed, rejected(made), now=late)
    assert (anew.reason, anew.approval and anew.approval.since) == ("ApprovalRequired", late)


def test_to_take_the_annotation_away_asks_for_nothing() -> None:
    """As for attempts: without it nothing is wanted once more, so what was rejected stays so."""
    made = asking(annotations={**ALICE, REASSERT: "1"})
    assert decided(again(made, ALICE), rejected(made)).reason == "Rejected"


IMPOSSIBLE: dict[str, tuple[dict[str, str], bool, str, str]] = {
    "nobody checks": (ALICE, False, "ApproversUnchecked", "have the platform set admission.enabled"),
    "nobody knows who asks": ({}, True, "RequesterUnknown", "annotate it with mlflow.talentflow.ai/requested-by"),
}


@pytest.mark.parametrize(("annotations", "checked", "reason", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_approvals_that_could_be_anybodys_do_not_count(
    annotations: dict[str, str], checked: bool, reason: str, message: str
) -> None:
    """Stalled, with what to do, however many there are; a claim that was asked about before too."""
    evidence = replace(known(HELD), approvers_checked=checked)
    before = asking()
    for made in (claim(annotations=annotations, **ONE), again(before, annotations)):
        decision = decide(made, HELD, SOON, replace(evidence, approvals=(said(before), rejected(before))))
        assert (decision.step, decision.reason) == (Step.REFUSE, reason)
        assert message in decision.message


def test_a_dry_run_asks_nobody() -> None:
    """It shows the plan at once, and that people would be asked."""
    decision = decided(claim(annotations=ALICE, dryRun=True, **ONE))
    assert (decision.step, [g.result for g in decision.gates or ()]) == (Step.SHOW, ["Skipped"])


def test_the_window_comes_after_people() -> None:
    """Approved, it waits for the window, however long that is; a yes that is taken back meanwhile is none."""
    made = asking(gates={"approval": {"timeout": "1h"}, "windows": SHUT})
    closed = decided(made, said(made), now=NOW + timedelta(days=3))
    assert (closed.step, closed.reason) == (Step.CLOSED, "WindowClosed")
    status = compute(made, HELD, closed, SOON)
    conditions = {c.type: c.status for c in status.conditions}
    assert (conditions["Approved"], conditions["GatesPassed"]) == ("True", "False")
    assert decided(made, now=NOW + timedelta(days=3)).reason == "ApprovalTimedOut"


def begun(made: ModelPromotion, yes: PromotionApproval) -> tuple[ModelPromotion, Decision]:
    """The claim whose intent is written, and nothing else."""
    decision = decided(made, yes)
    return written(made, compute(made, HELD, decision, SOON)), decision


def test_what_is_taken_back_before_the_write_is_not_written() -> None:
    """The intent is in the status, and the process died; the attempt waits, and goes on when it is approved again."""
    made = asking()
    intent, decision = begun(made, said(made))
    waiting = decided(intent)
    assert (waiting.step, waiting.reason, waiting.attempt) == (Step.ASK, "ApprovalRequired", decision.attempt)
    on = decided(looked(intent), said(made, "carol"))
    assert (on.step, on.attempt and on.attempt.number, on.attempt and on.attempt.approved_by) == (
        Step.WRITE,
        1,
        ["carol"],
    )


def test_half_a_promotion_is_finished_whoever_takes_back_what() -> None:
    """The version is in the slot, its alias is not: nobody is asked any more."""
    made = asking(**MIRROR)
    intent, decision = begun(made, said(made))
    half = with_version(with_version(HELD, version("6", "Archived")), version("7", "Production"))
    rest = decided(intent, snapshot=half)
    assert (rest.step, [alias.name for alias in rest.plan.aliases]) == (Step.WRITE, ["champion"])
    assert (rest.attempt, rest.plan.tags[APPROVED_BY]) == (decision.attempt, "bob")


def test_what_is_remembered_has_an_end() -> None:
    """A hundred approvals are as good as ten, and the message names a few."""
    made = asking()
    decision = decided(made, *(said(made, f"user-{n:03}") for n in range(100)))
    assert decision.attempt is not None
    assert len(decision.attempt.approved_by) == 10
    assert len(next(g for g in decision.gates or ()).message) < 200
