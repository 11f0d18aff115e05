"""Webhooks that confirm, on a real API server and a real MLflow: who is asked, what follows, and that it survives."""

import json
import time
from typing import Any

import pytest

from cluster.host import waiting
from cluster.plane.audit import AuditLog
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.receiver import Receiver
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason

pytestmark = pytest.mark.integration

QUIET_SECONDS = 40.0


def cab(receiver: Receiver, **more: Any) -> Object:
    """A webhook that confirms, and signs with the team's key."""
    return {"name": "cab", "type": "Confirm", "url": receiver.url("cab"), "secretRef": {"name": "cab"}, **more}


def gate(obj: Object) -> Object:
    """What came out of the webhook."""
    return next(g for g in obj["status"]["gates"] if g["type"] == "Webhook")


def test_what_is_confirmed_is_promoted(signing: Team, receiver: Receiver, registry: Registry, model: str) -> None:
    """The question is signed, says what it is about, and comes before the write."""
    registry.move(model, "6", "Production")
    receiver.answers["cab"] = (200, {"result": "Passed", "message": "change 42"})
    signing.promote("fraud", model, 7, gates={"webhooks": [cab(receiver)]})
    ready = signing.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    (asked,) = receiver.of("cab")
    assert asked.is_believed
    data = asked.content["data"]
    assert (data["model"], data["version"], data["fromVersion"], data["slot"]) == (model, "7", "6", "stage/Production")
    assert data["promotion"]["uid"] == ready["metadata"]["uid"]
    assert (gate(ready)["result"], gate(ready)["observed"]) == ("Passed", "change 42")


def test_what_is_not_confirmed_waits_or_is_refused(
    signing: Team, receiver: Receiver, registry: Registry, model: str
) -> None:
    """The words of whoever answers are in the status and in the table; a yes lets it go on by itself."""
    receiver.answers["cab"] = (200, {"result": "Waiting", "message": "nobody has looked", "retryAfter": 5})
    signing.promote("fraud", model, 7, gates={"webhooks": [cab(receiver)]})
    waits = signing.until("modelpromotion", "fraud", lambda o: "nobody has looked" in condition(o, "Ready")["message"])
    assert condition(waits, "Ready")["reason"] == "ConfirmationPending"
    receiver.answers["cab"] = (200, {"result": "Failed", "message": "freeze until Monday"})
    refused = signing.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert condition(refused, "Stalled")["status"] == "True"
    table = signing.plane.kubectl("get", "mp", "fraud", "-n", signing.namespace, "-o", "wide")
    assert "cab Failed: freeze until Monday, expected Passed" in table
    assert registry.holders(model, "Production") == []
    receiver.answers.clear()
    signing.until("modelpromotion", "fraud", has_reason("Promoted"), seconds=100)
    assert len({message.id for message in receiver.of("cab")}) == 1


def test_what_is_no_answer_is_an_error_without_its_body(
    served: Team, receiver: Receiver, registry: Registry, model: str
) -> None:
    """Garbage, a refusal and a missing Secret: the claim says which, waits, and goes on."""
    served.promote("fraud", model, 7, gates={"webhooks": [cab(receiver)]})
    unsigned = served.until("modelpromotion", "fraud", has_reason("GateError"))
    assert "Secret cab does not exist; create it" in gate(unsigned)["message"]
    assert receiver.received == []
    receiver.answers["cab"] = (200, {"answer": "s3cret"})
    words = ("-n", served.namespace, "create", "secret", "generic", "cab", f"--from-literal=key={receiver.secret}")
    served.plane.kubectl(*words)
    served.until("modelpromotion", "fraud", lambda o: "not with a JSON object" in gate(o)["message"])
    receiver.answers["cab"] = (403, {"result": "Passed", "message": "s3cret"})
    denied = served.until("modelpromotion", "fraud", lambda o: "it answered 403" in gate(o)["message"], seconds=60)
    assert "s3cret" not in json.dumps(denied["status"])
    assert registry.holders(model, "Production") == []


FORBIDDEN = {
    "a loopback address": ("{loopback}", "leads to a private, loopback, link-local or metadata"),
    "http": ("http://mlflow.example.com/cab", "http is not private; write https://"),
    "metadata": ("https://169.254.169.254/latest", "metadata address"),
}


def test_a_host_that_is_not_allowed_is_never_called(served: Team, receiver: Receiver, model: str) -> None:
    """The claim is stalled, and says what who runs the operator can do."""
    for number, (case, (url, words)) in enumerate(FORBIDDEN.items()):
        hook = {"name": "cab", "type": "Confirm", "url": url.format(loopback=receiver.url("cab", "127.0.0.1"))}
        served.promote(f"fraud-{number}", model, 7, target={"alias": f"a{number}"}, gates={"webhooks": [hook]})
        stalled = served.until("modelpromotion", f"fraud-{number}", has_reason("WebhookNotAllowed"))
        assert words in condition(stalled, "Stalled")["message"], case
    assert receiver.received == []


def test_killed_while_a_webhook_is_asked(
    signing: Team, receiver: Receiver, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """The next process asks the same question, and brings the version in once."""
    receiver.delay = 3.0
    signing.promote("fraud", model, 7, gates={"webhooks": [cab(receiver)]})
    waiting.until(lambda: bool(receiver.of("cab")), what="the question", seconds=20)
    operator.kill()
    receiver.delay = 0.0
    operator.start()
    ready = signing.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    assert [attempt["number"] for attempt in ready["status"]["history"]] == [1]
    assert len({message.id for message in receiver.of("cab")}) == 1


def test_slow_webhooks_hold_up_nobody_else(served: Team, receiver: Receiver, registry: Registry, model: str) -> None:
    """Ten of them that answer after seconds, on the same MLflow: a claim without one is promoted at once."""
    receiver.delay = 8.0
    hook = {"name": "cab", "type": "Confirm", "url": receiver.url("cab"), "timeout": "20s"}
    for number in range(10):
        served.promote(f"slow-{number}", model, 5, target={"alias": f"slow-{number}"}, gates={"webhooks": [hook]})
    waiting.until(lambda: bool(receiver.of("cab")), what="the first question", seconds=20)
    before = time.monotonic()
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    assert time.monotonic() - before < 5


def test_a_claim_that_waits_for_a_webhook_costs_no_write(
    served: Team, receiver: Receiver, model: str, audit: AuditLog
) -> None:
    """It is asked again and again, and the API server hears nothing of it."""
    receiver.answers["cab"] = (200, {"result": "Waiting", "retryAfter": 5})
    served.promote(
        "fraud", model, 7, gates={"webhooks": [{k: v for k, v in cab(receiver).items() if k != "secretRef"}]}
    )
    served.until("modelpromotion", "fraud", lambda o: "answered Waiting" in condition(o, "Ready").get("message", ""))
    time.sleep(3)
    mark, asked = audit.mark(), len(receiver.of("cab"))
    time.sleep(QUIET_SECONDS)
    assert len(receiver.of("cab")) >= asked + 4
    assert not receiver.of("cab")[0].signature
    assert audit.writes(mark, USER, served.namespace).total() == 0
