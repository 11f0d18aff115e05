"""What status, history and doctor say of objects: tables in, text out."""

import re
from typing import Any

import pytest
import yaml

from mlflow_operator.desired.inputs import Reference
from mlflow_operator.kubectl.looking import findings, past
from mlflow_operator.kubectl.looking.diagnosis import Diagnosis
from mlflow_operator.kubectl.looking.doctor import named
from mlflow_operator.kubectl.looking.findings import Finding
from mlflow_operator.kubectl.looking.overview import Overview
from mlflow_operator.kubectl.looking.standing import NOT_SEEN, plain, standing
from mlflow_operator.kubectl.terminal.exits import USAGE, Stop
from mlflow_operator.status.reasons import MEANINGS
from unit.kubectl.samples import UID, Object, attempt, claim, condition, printed, server

SCREEN = """\
NAME     VERSION   READY   REASON               URL
mlflow   3.17.0    False   RegistryUnavailable  http://mlflow.example.com

NAME    MODEL            SLOT               DESIRED   CURRENT   READY   REASON
fraud   fraud-detector   stage/Production   7         6         False   GateFailed

MLflowServer mlflow: RegistryUnavailable
  found  no answer [from http://x]
  next   kubectl mlflow doctor mls/mlflow -n team-a

ModelPromotion fraud: GateFailed
  found  auc is 0.8, expected at least 0.9
  next   kubectl mlflow diff fraud -n team-a
"""


def squeezed(text: str) -> list[list[str]]:
    """Lines as cells: how wide a column is does not matter."""
    return [re.split(r" {2,}", line.strip()) for line in text.strip().splitlines()]


def test_one_screen_has_servers_slots_troubles_and_next_steps() -> None:
    """What is wrong is said as the condition says it, word for word, and what looks like markup is text."""
    found = Overview(
        [server("RegistryUnavailable", "no answer [from http://x]")],
        [claim("GateFailed", "auc is 0.8, expected at least 0.9")],
    )
    assert squeezed(printed(lambda to: found.show(to, everywhere=False))) == squeezed(SCREEN)


def test_of_all_namespaces_each_line_says_its_own() -> None:
    """With -A."""
    text = printed(lambda to: Overview([server()], [claim()]).show(to, everywhere=True))
    assert [line.split()[:2] for line in text.splitlines() if line] == [
        ["NAMESPACE", "NAME"],
        ["team-a", "mlflow"],
        ["NAMESPACE", "NAME"],
        ["team-a", "fraud"],
    ]


def test_machines_get_the_same() -> None:
    """The data have reason, message and next step of each object; nothing is said of what is ready."""
    data = Overview([server()], [claim("Suspended", "suspend is true")]).data()
    assert (data["servers"][0]["ready"], data["servers"][0]["nextStep"]) == ("True", "")
    told = {key: data["promotions"][0][key] for key in ("reason", "nextStep", "desired", "current")}
    assert told == {"reason": "Suspended", "nextStep": "set it to false", "desired": "7", "current": "6"}


def test_the_command_that_approves_is_the_plugins_own() -> None:
    """The message of the condition has a whole command for the shell, which people need not read here."""
    at = standing(claim("ApprovalRequired", "0 of 1 approvals; who may approve runs: echo '{}' | kubectl create -f -"))
    assert (at.told, at.next_step) == ("0 of 1 approvals", "kubectl mlflow approve fraud -n team-a")


def test_a_status_of_an_earlier_generation_is_not_taken_for_todays() -> None:
    """Somebody has changed the object and the operator has not looked yet, or does not run."""
    obj = claim()
    obj["metadata"]["generation"] = 4
    assert (standing(obj).ready, standing(obj).reason) == ("Unknown", NOT_SEEN)
    assert standing({**obj, "status": {}}).reason == NOT_SEEN


@pytest.mark.parametrize("reason", [reason for m in MEANINGS for reason in m.reasons if m.standing.ready != "True"])
def test_each_reason_of_a_claim_has_a_next_step(reason: str) -> None:
    """It is a sentence without Markdown in it."""
    ready = next(m.standing.ready for m in MEANINGS if reason in m.reasons and m.standing.ready != "True")
    step = standing(claim(reason, ready=ready)).next_step
    assert step
    assert not set("`[]") & set(step)


def test_a_link_of_the_documentation_becomes_its_page() -> None:
    """Also one within the page of claims."""
    assert plain("[accept it](#drift), or `x`; [see](gates.md#results)") == (
        "accept it (docs/modelpromotion.md#drift), or x; see (docs/gates.md#results)"
    )


def test_history_says_who_what_when_and_why() -> None:
    """Newest first, with what people have said about this claim, and not about one that had its name."""
    obj = claim(
        attempt=attempt(2, "7"), history=[attempt(2, "7", approvedBy=["bob"], fromVersion="6"), attempt(1, "6")]
    )
    about = {"promotionRef": {"name": "fraud", "uid": UID}, "attempt": "d", "approver": "bob", "decision": "Reject"}
    when = {"creationTimestamp": "2026-03-02T09:00:00Z"}
    said = [
        {"metadata": when, "spec": {**about, "reason": "recall fell"}},
        {"metadata": when, "spec": {**about, "promotionRef": {"name": "fraud", "uid": "another"}}},
    ]
    text = printed(lambda to: past.show(to, obj, past.words(obj, said)))
    assert squeezed(text) == squeezed("""\
#  WHEN  WHAT  FROM  TO  RESULT  APPROVED BY  POLICIES
2  2026-03-02 10:00:02Z  Promote  6  7  Promoted  bob  -
1  2026-03-01 10:00:02Z  Promote  -  6  Promoted  -  -

WHEN  WHO  SAID  ABOUT  WHY
2026-03-02 09:00:00Z  bob  Reject  an earlier attempt  recall fell""")


def test_of_two_words_within_a_second_that_about_the_latest_attempt_came_later() -> None:
    """The API server dates both alike, in whatever order it lists them."""
    when = {"creationTimestamp": "2026-03-02T09:00:00Z"}
    about = {"promotionRef": {"name": "fraud", "uid": UID}, "decision": "Approve"}
    bob, carol = (
        {"metadata": when, "spec": {**about, "approver": who, "attempt": attempt}}
        for who, attempt in (("bob", "before"), ("carol", "now"))
    )
    for listed in ([bob, carol], [carol, bob]):
        assert [w["who"] for w in past.words(claim(approval={"digest": "now"}), listed)] == ["carol", "bob"]


def test_an_attempt_under_way_is_in_the_history() -> None:
    """It is not in status.history before it ends."""
    under_way = {key: value for key, value in attempt(2, "7").items() if key not in ("finishedAt", "result")}
    rows = past.attempts(claim(attempt=under_way, history=[attempt(1, "6")]))
    assert [row["number"] for row in rows] == [2, 1]
    assert "nothing was promoted" in printed(lambda to: past.show(to, claim(), []))


POD = {
    "kind": "Pod",
    "metadata": {"name": "mlflow-1"},
    "status": {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}],
    },
}
JOB = {
    "kind": "Job",
    "metadata": {"name": "mlflow-prepare-1"},
    "spec": {},
    "status": {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "m"}]},
}
DB = Reference("Secret", "db", frozenset({"uri"}))
SEEN: dict[str, tuple[Finding, str, str]] = {
    "a pod without a node": (findings.of_pod(POD), "wrong", "Pending: Unschedulable: no node"),
    "a Job that failed": (findings.of_job(JOB), "wrong", "failed: BackoffLimitExceeded m"),
    "a Job at work": (findings.of_job({**JOB, "status": {}}), "-", "at work"),
    "a volume that waits": (findings.of_volume({**POD, "status": {"phase": "Pending"}}), "-", "Pending"),
    "a lost volume": (findings.of_volume({**POD, "status": {"phase": "Lost"}}), "wrong", "Lost"),
    "a volume": (findings.of_volume({**POD, "status": {"phase": "Bound"}}), "ok", "Bound"),
    "a missing Secret": (findings.of_reference(DB, "team-a", None), "wrong", "does not exist; create it with uri"),
    "a Secret without a key": (
        findings.of_reference(DB, "team-a", {"data": {"x": "x"}}),
        "wrong",
        "lacks uri",
    ),
    "a Secret": (findings.of_reference(DB, "team-a", {"data": {"uri": "x"}}), "ok", "is there"),
}


@pytest.mark.parametrize("case", SEEN)
def test_what_is_seen_of_one_thing(case: str) -> None:
    """Its state, and why; never what is in a Secret."""
    found, state, detail = SEEN[case]
    assert (found.state, found.detail) == (state, detail)


NEXT: dict[str, tuple[Finding, str]] = {
    "a Secret that is not there": (
        findings.of_reference(DB, "team-a", None),
        "kubectl create secret generic db --from-file=uri=FILE -n team-a",
    ),
    "a Secret without a key": (
        findings.of_reference(DB, "team-a", {"data": {}}),
        "kubectl describe secret db -n team-a",
    ),
    "a preparation": (Finding("Job x-prepare-1", "wrong", ""), "kubectl mlflow logs mlflow --preparation -n team-a"),
    "a pod": (Finding("Pod mlflow-1", "wrong", ""), "kubectl describe pod mlflow-1 -n team-a"),
    "nothing": (Finding("Pod mlflow-1", "ok", ""), "kubectl logs -A -l app.kubernetes.io/name=mlflow-operator"),
}


@pytest.mark.parametrize("case", NEXT)
def test_the_doctor_names_the_command_that_shows_more(case: str) -> None:
    """Of the first thing that is wrong, in the order in which they need each other."""
    finding, command = NEXT[case]
    assert Diagnosis(standing(server("SecretNotFound")), [finding]).next_step.startswith(command)


def test_a_claim_whose_server_is_not_ready_has_the_servers_next_step() -> None:
    """Nobody looks at the claim while its server is what is wrong; it is said below."""
    below = Diagnosis(standing(server("SecretNotFound", "Secret db does not exist")), [SEEN["a missing Secret"][0]])
    found = Diagnosis(standing(claim("ServerNotReady")), [], server=below)
    text = printed(found.show)
    assert text.index("ModelPromotion fraud is not ready: ServerNotReady") < text.index(
        "found  Secret db does not exist"
    )
    assert text.count("  next   ") == 1
    assert found.data()["server"]["seen"] == [
        {"what": "Secret db", "state": "wrong", "detail": "does not exist; create it with uri"}
    ]


def test_conditions_that_follow_from_ready_are_not_repeated() -> None:
    """What is left says which part it is."""
    obj = server("SchemaNewer")
    obj["status"]["conditions"] += [
        condition("Stalled", "True", "SchemaNewer"),
        condition("DatabaseReady", "True", "Ok"),
    ]
    assert [each.what for each in findings.of_conditions(obj)] == ["DatabaseReady"]


def test_a_subject_is_a_server_or_a_claim() -> None:
    """By the short name of its kind, or by the long one."""
    assert [named(word) for word in ("mls/mlflow", "ModelPromotion/fraud")] == [
        ("MLflowServer", "mlflow"),
        ("ModelPromotion", "fraud"),
    ]
    for word in ("mlflow", "pod/x", "mls/"):
        with pytest.raises(Stop, match="write mls/NAME or mp/NAME") as stop:
            named(word)
        assert stop.value.code == USAGE


def test_data_are_yaml_that_can_be_read_back() -> None:
    """Nothing in them is an object of Python's."""
    data: Any = Overview([server()], [claim()]).data()
    assert yaml.safe_load(yaml.safe_dump(data)) == data


def test_a_gate_that_only_watches_is_not_wrong() -> None:
    """One in mode DryRun fails and is in nobody's way."""
    gate: Object = {"name": "auc", "type": "Metric", "result": "Failed", "message": "0.8"}
    states = [findings.of_gate({**gate, "mode": mode}).state for mode in ("Enforce", "DryRun")]
    assert states == ["wrong", "-"]
