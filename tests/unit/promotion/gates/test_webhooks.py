"""Webhooks that confirm: what counts as an answer, what it is about, and what follows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mlflow_operator.api.gates.gates import GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.promotion.decision import Decision, Step
from mlflow_operator.promotion.evidence import Evidence, Reply
from mlflow_operator.promotion.facts import Facts, questions
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered, clean, read
from mlflow_operator.status.promotion import compute
from unit.promotion.claims import NOW, claim, over

from .measured import known, logged, models, version
from .test_gates import AUC, SHUT

CAB = {"name": "cab", "type": "Confirm", "url": "https://cab.example.com/confirm"}
STAGED = models(v6="Production", v7="Staging")


def said(**content: Any) -> Answer:
    """An answer of 200."""
    return Answer(200, json.dumps(content).encode())


ANSWERS: dict[str, tuple[Answer | Unanswered, str, str]] = {
    "yes": (said(result="Passed"), "Passed", ""),
    "yes, with words": (said(result="Passed", message="change 42"), "Passed", "change 42"),
    "no": (said(result="Failed", message="freeze"), "Failed", "freeze"),
    "not yet": (said(result="Waiting", message="nobody has looked"), "Waiting", "nobody has looked"),
    "not yet, for a while": (said(result="Waiting", retryAfter=120), "Waiting", ""),
    "more than is documented": (said(result="Passed", by="mona"), "Passed", ""),
    "another success": (Answer(202, b'{"result": "Passed"}'), "Passed", ""),
    "words that terminals obey": (said(result="Failed", message="no\x1b[2J\r\nnever"), "Failed", "no [2J never"),
    "a long story": (said(result="Failed", message="x" * 1000), "Failed", "x" * 300 + "…"),
    **{
        f"garbage: {name}": (Answer(200, body), "Error", "it answered 200, and not with a JSON object with result")
        for name, body in {
            "nothing": b"",
            "a page": b"<html>s3cret</html>",
            "a list": b'["Passed"]',
            "a word": b'"Passed"',
            "another result": b'{"result": "passed"}',
            "a result of ours": b'{"result": "Skipped"}',
            "no result": b'{"message": "s3cret"}',
            "a result that is a list": b'{"result": ["Passed"]}',
            "a message that is none": b'{"result": "Passed", "message": {"s3cret": 1}}',
            "a time that is none": b'{"result": "Waiting", "retryAfter": "soon"}',
            "a time without an end": b'{"result": "Waiting", "retryAfter": Infinity}',
            "no text": b"\xff\xfe",
            "too deep": b"[" * 10_000,
        }.items()
    },
    "not found": (Answer(404, b'{"result": "Passed"}'), "Error", "it answered 404"),
    "a redirect": (Answer(302), "Error", "it answered 302 with a redirect, which is not followed"),
    "broken": (Answer(503), "Error", "it answered 503"),
    "too many": (Answer(429, after=60), "Error", "it answered 429"),
    "no answer": (Unanswered("cab.example.com:443 did not answer"), "Error", "cab.example.com:443 did not answer"),
}


@pytest.mark.parametrize(("answer", "result", "words"), ANSWERS.values(), ids=ANSWERS)
def test_only_what_is_documented_is_an_answer(answer: Answer | Unanswered, result: str, words: str) -> None:
    """Everything else is an error in words of ours, in which nothing of the body is."""
    reply = read(answer)
    assert (reply.result, reply.message.startswith(words)) == (result, True), reply
    assert "s3cret" not in reply.message
    assert words or not reply.message


WAITS = {
    "as it says": (said(result="Waiting", retryAfter=120), 120),
    "at once": (said(result="Waiting", retryAfter=0), 5),
    "never": (said(result="Waiting", retryAfter=10**9), 3600),
    "not said": (said(result="Waiting"), 30),
    "busy": (Answer(429, after=77), 77),
    "of a result that is final": (said(result="Failed", retryAfter=7), None),
}


@pytest.mark.parametrize(("answer", "seconds"), WAITS.values(), ids=WAITS)
def test_who_says_when_is_asked_then(answer: Answer, seconds: float | None) -> None:
    """Within bounds: nobody is asked each second, or forgotten."""
    assert read(answer).after == seconds


def test_a_text_is_one_short_line() -> None:
    """However it was sent."""
    assert clean("  a\tb\u2028c\u202ed ") == "a b c d"


def asked(
    made: ModelPromotion, snapshot: Snapshot = STAGED, reply: Reply | None = None, evidence: Evidence | None = None
) -> Decision:
    """What follows where all questions are answered alike."""
    found = evidence or Evidence()
    ids = questions(Facts(made, snapshot, NOW))
    return decide(made, snapshot, NOW, replace(found, replies=dict.fromkeys(ids, reply) if reply else {}))


FOLLOWS: dict[str, tuple[Reply | None, Step, str, str]] = {
    "passed": (Reply(GateResult.PASSED), Step.WRITE, "Promoting", "answered Passed: no reason given"),
    "failed": (Reply(GateResult.FAILED, "freeze"), Step.REFUSE, "GateFailed", "webhook cab answered Failed: freeze"),
    "waiting": (
        Reply(GateResult.WAITING, "who?"),
        Step.WAIT,
        "ConfirmationPending",
        "webhook cab answered Waiting: who?",
    ),
    "error": (Reply(GateResult.ERROR, "it answered 503"), Step.WAIT, "GateError", "gave no answer: it answered 503"),
    "not asked yet": (None, Step.WAIT, "GatePending", "is asked as soon as everything is passed that costs less"),
    "not allowed": (
        Reply(GateResult.ERROR, "10.0.0.1:443 is not called", is_allowed=False),
        Step.REFUSE,
        "WebhookNotAllowed",
        "gave no answer: 10.0.0.1:443 is not called",
    ),
    "who says what we say": (Reply(GateResult.FAILED, "not allowed"), Step.REFUSE, "GateFailed", "not allowed"),
}


@pytest.mark.parametrize(("reply", "step", "reason", "words"), FOLLOWS.values(), ids=FOLLOWS)
def test_what_follows_from_an_answer(reply: Reply | None, step: Step, reason: str, words: str) -> None:
    """Only a yes lets pass; a no is final, until it is another answer; the rest is waited for."""
    decision = asked(claim(gates={"webhooks": [CAB]}), reply=reply)
    assert (decision.step, decision.reason) == (step, reason)
    assert decision.gates is not None
    assert (decision.gates[0].type, words in decision.gates[0].message) == ("Webhook", True), decision.gates
    status = compute(claim(gates={"webhooks": [CAB]}), STAGED, decision, NOW)
    assert status.gates[0].expected == "Passed"


@pytest.mark.parametrize("reply", [row[0] for row in FOLLOWS.values()], ids=list(FOLLOWS))
def test_a_dry_run_of_a_webhook_is_in_nobody_s_way(reply: Reply | None) -> None:
    """It is asked and shown."""
    decision = asked(claim(gates={"webhooks": [CAB | {"mode": "DryRun"}]}), reply=reply)
    assert (decision.step, decision.reason) == (Step.WRITE, "Promoting")


IN_THE_WAY: dict[str, tuple[dict[str, Any], Evidence]] = {
    "a requirement": ({"requires": {"tags": [{"key": "ok"}]}}, Evidence()),
    "a metric that fails": ({"gates": {"metrics": [AUC], "webhooks": [CAB]}}, known(STAGED, v7=logged(0.1))),
    "a metric that is being looked up": ({"gates": {"metrics": [AUC], "webhooks": [CAB]}}, Evidence()),
    "a version that is not ready": ({"version": 8}, Evidence()),
    "suspension": ({"suspend": True}, Evidence()),
}


@pytest.mark.parametrize(("spec", "evidence"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_nobody_is_asked_while_something_cheaper_is_in_the_way(spec: dict[str, Any], evidence: Evidence) -> None:
    """People are not asked to confirm what is refused anyway; the message says that they will be."""
    snapshot = replace(STAGED, versions={**STAGED.versions, "8": version("8", status="PENDING_REGISTRATION")})
    facts = Facts(claim(**{"gates": {"webhooks": [CAB]}, **spec}), snapshot, NOW, evidence)
    assert facts.inquiries == ()


def test_it_is_asked_while_a_window_is_closed_and_a_dry_run_fails() -> None:
    """The answer is there when the window opens; what is in nobody's way is not in this one either."""
    gates = {"metrics": [AUC | {"mode": "DryRun"}], "webhooks": [CAB], "windows": SHUT}
    facts = Facts(claim(gates=gates), STAGED, NOW, known(STAGED, v7=logged(0.1)))
    assert [inquiry.webhook.name for inquiry in facts.inquiries] == ["cab"]


def test_what_is_promoted_is_not_asked_about() -> None:
    """Once the attempt is over, nobody is asked for anything."""
    assert Facts(over(claim(gates={"webhooks": [CAB]})), STAGED, NOW).inquiries == ()


def ids(made: ModelPromotion, snapshot: Snapshot = STAGED) -> frozenset[str]:
    """By what the questions of a claim are known."""
    return questions(Facts(made, snapshot, NOW))


def reregistered(number: str) -> Snapshot:
    """The same registry with a version that was registered anew."""
    return replace(STAGED, versions={**STAGED.versions, number: replace(STAGED.versions[number], created=99)})


def other_uid(made: ModelPromotion) -> ModelPromotion:
    """The claim deleted and created again."""
    return made.model_copy(update={"metadata": made.metadata.model_copy(update={"uid": "another"})})


def test_a_policy_has_its_own_confirmed() -> None:
    """Whatever the claim asks itself: it is asked, it is in the way, and the result says who asks."""
    policy = PromotionPolicy.parse({"metadata": {"name": "p"}, "spec": {"gates": {"webhooks": [CAB]}}})
    made = claim()
    facts = Facts(made, STAGED, NOW, policies=(policy,))
    (inquiry,) = facts.inquiries
    for reply, step in ((GateResult.PASSED, Step.WRITE), (GateResult.FAILED, Step.REFUSE)):
        evidence = Evidence(replies={inquiry.known_by: Reply(reply)})
        decision = decide(made, STAGED, NOW, evidence, policies=(policy,))
        assert decision.step is step
        assert [(g.name, g.origin) for g in decision.gates or ()] == [("cab", "policy/p")]


ONE = claim(gates={"webhooks": [CAB]})
OTHERS: dict[str, tuple[ModelPromotion, Snapshot]] = {
    "another version": (claim(gates={"webhooks": [CAB]}, version=6), STAGED),
    "registered anew": (ONE, reregistered("7")),
    "another run": (ONE, Snapshot("fraud", {**STAGED.versions, "7": replace(STAGED.versions["7"], run="other")})),
    "another holder": (ONE, models(v5="Production", v6="None", v7="Staging")),
    "a holder registered anew": (ONE, reregistered("6")),
    "an empty slot": (ONE, models(v7="Staging")),
    "another URL": (claim(gates={"webhooks": [CAB | {"url": "https://other.example.com"}]}), STAGED),
    "another key": (claim(gates={"webhooks": [CAB | {"secretRef": {"name": "cab"}}]}), STAGED),
    "another claim of that name": (other_uid(ONE), STAGED),
    "the next attempt": (claim(over(claim(version=5)).status, gates={"webhooks": [CAB]}), STAGED),
}


@pytest.mark.parametrize(("made", "snapshot"), OTHERS.values(), ids=OTHERS)
def test_an_answer_counts_only_for_what_it_was_asked_of(made: ModelPromotion, snapshot: Snapshot) -> None:
    """A yes to one attempt, version, registration or holder is none to another, and neither is it remembered."""
    assert ids(made, snapshot) != ids(ONE)
    yes = Evidence(replies=dict.fromkeys(ids(ONE), Reply(GateResult.PASSED)))
    before = compute(ONE, STAGED, decide(ONE, STAGED, NOW, yes), NOW)
    now_ = made.model_copy(update={"status": made.status.model_copy(update={"gates": before.gates})})
    assert decide(now_, snapshot, NOW, yes).step is not Step.WRITE


def test_what_the_process_before_has_heard_is_shown_and_not_written_on() -> None:
    """Until it is asked again the status stays as it is; a write needs an answer of this process."""
    for reply in (Reply(GateResult.PASSED, "42"), Reply(GateResult.FAILED, "no"), Reply(GateResult.WAITING, "who?")):
        shut = claim(gates={"webhooks": [CAB], "windows": SHUT})
        status = compute(shut, STAGED, asked(shut, reply=reply), NOW)
        restarted = shut.model_copy(update={"status": status})
        assert compute(restarted, STAGED, decide(restarted, STAGED, NOW), NOW) == status
    opened = claim(compute(ONE, STAGED, asked(ONE, reply=Reply(GateResult.PASSED)), NOW), gates={"webhooks": [CAB]})
    assert decide(opened, STAGED, NOW, Evidence(anew=True)).reason == "GatePending"


def test_the_answer_of_now_counts_more_than_what_is_remembered() -> None:
    """Who takes a yes back is heard."""
    shut = claim(gates={"webhooks": [CAB], "windows": SHUT})
    status = compute(shut, STAGED, asked(shut, reply=Reply(GateResult.PASSED)), NOW)
    again = asked(shut.model_copy(update={"status": status}), reply=Reply(GateResult.WAITING, "once more"))
    assert again.gates is not None
    assert again.gates[0].result == "Waiting"


def content(made: ModelPromotion, snapshot: Snapshot = STAGED) -> Mapping[str, Any]:
    """What is asked, as it is sent."""
    (inquiry,) = Facts(made, snapshot, NOW).inquiries
    found: Mapping[str, Any] = json.loads(inquiry.message.body)
    return found


def test_a_question_says_what_it_is_about() -> None:
    """Whoever gets it needs nothing else to find the version."""
    assert content(claim(gates={"webhooks": [CAB]})) == {
        "format": "v1",
        "type": "promotion.confirm",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {
            "promotion": {"namespace": "team", "name": "fraud", "uid": "c1"},
            "server": {"namespace": "team", "name": "mlflow"},
            "workspace": None,
            "model": "fraud",
            "slot": "stage/Production",
            "attempt": 1,
            "version": "7",
            "fromVersion": "6",
            "modelURI": "models:/fraud/7",
            "runId": "run-7",
            "modelId": "m-7",
            "dryRun": False,
        },
    }


def test_a_question_about_an_old_version_has_no_null_version() -> None:
    """A version without a run and a logged model, for an empty slot, of a server elsewhere."""
    snapshot = Snapshot("fraud", {"7": ModelVersion("7", "None", "READY")})
    ref = {"name": "shared", "namespace": "ml", "workspace": "risk"}
    data = content(claim(gates={"webhooks": [CAB]}, serverRef=ref, dryRun=True), snapshot)["data"]
    assert (data["server"], data["workspace"]) == ({"namespace": "ml", "name": "shared"}, "risk")
    assert (data["fromVersion"], data["runId"], data["modelId"], data["dryRun"]) == (None, None, None, True)


def test_a_message_stays_small() -> None:
    """However long the names are that the API server lets in."""
    long = claim(gates={"webhooks": [CAB]}, model="ü" * 256, target={"stage": "Production"}, version="999999999")
    snapshot = Snapshot("ü" * 256, {"999999999": version("999999999")})
    (inquiry,) = Facts(long, snapshot, NOW).inquiries
    assert len(inquiry.message.body) < 8192
