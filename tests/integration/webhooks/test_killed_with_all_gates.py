"""Every kind of gate at once, a policy, people and a webhook that listens; the operator is killed at each write.

The writes are those of the audit log, one after another until a promotion has no more, and the operator dies as soon as
one of them is there. What it was about to do next, to the API server, to MLflow or to a webhook, is what it does not
come to.
"""

import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cluster.host import waiting
from cluster.plane.audit import WRITES, AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import Ending, PaperNode
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.receiver import Receiver
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition
from integration.gates.test_gate_jobs import FAIRNESS
from integration.gates.test_gates import AUC, measured
from integration.gates.test_killed_at_writes import GATES, approve
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

QUIET_SECONDS = 8.0
"""After the promotion, until nothing is written any more."""
Kills = Callable[[list[str]], bool]
"""Whether the operator dies when these writes are there."""
KINDS = {"create jobs", "delete jobs", "create events", "patch modelpromotions/status"}
"""Of writes, each of which a promotion with every gate has."""
PASSED = Ending({"passed": True, "metrics": {"gap": 0.02}, "message": "fair enough"})


@pytest.fixture(scope="module")
def paper_node(installed: ControlPlane, mlflow_server: MlflowServer) -> Iterator[PaperNode]:
    """The node of the Jobs' pods."""
    found = PaperNode(installed, mlflow_server.url)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def policy(installed: ControlPlane) -> Iterator[None]:
    """The platform asks for a little more, of the models of this test alone."""
    spec = {"governs": {"models": ["everything-*"]}, "gates": {"metrics": [AUC | {"min": 0.91}]}}
    body = {"apiVersion": API_VERSION, "kind": "PromotionPolicy", "metadata": {"name": "everything"}, "spec": spec}
    installed.kubectl("apply", "--server-side", "-f", "-", text=json.dumps(body))
    yield
    installed.kubectl("delete", "mpp", "everything")


@pytest.mark.usefixtures("policy")
def test_killed_after_each_write_with_every_gate_on(
    signing: Team,
    operator: OperatorProcess,
    registry: Registry,
    receiver: Receiver,
    paper_node: PaperNode,
) -> None:
    """One attempt, one Job, the yes of one person used once, every gate passed, and the listener told of all of it."""
    paper_node.endings[signing.namespace] = PASSED
    killed: set[str] = set()
    for number in itertools.count():
        last = promotion(signing, operator, registry, receiver, kills=after(number))
        if last is None:  # it has no more writes than that
            break
        killed.add(last)
        print(f"killed after write {number}: {last}")
    for kind in KINDS - killed:  # not every promotion writes in the same order, so one may have slipped through
        assert promotion(signing, operator, registry, receiver, kills=after_a(kind)) is not None
        print(f"killed after {kind}")


def after(number: int) -> Kills:
    """After the write of that number."""
    return lambda writes: len(writes) > number


def after_a(kind: str) -> Kills:
    """After the first write of a kind."""
    return lambda writes: kind in writes


def promotion(
    team: Team, operator: OperatorProcess, registry: Registry, receiver: Receiver, *, kills: Kills
) -> str | None:
    """One promotion from apply until it has come to rest; the last write before the operator was killed, if it was."""
    receiver.received.clear()
    model = registry.create_model(f"everything-{uuid.uuid4().hex[:8]}")
    old, new = measured(registry, model, 0.9), measured(registry, model, 0.93)
    registry.move(model, old, "Production")
    audit: AuditLog = team.plane.audit  # type: ignore[attr-defined]
    mark = audit.mark()
    webhooks = [
        {"name": "cab", "type": "Confirm", "url": receiver.url("cab"), "secretRef": {"name": "cab"}},
        {"name": "feed", "type": "Event", "url": receiver.url("feed"), "secretRef": {"name": "cab"}},
    ]
    gap = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
    gates = GATES | {"jobs": [FAIRNESS], "metrics": [AUC, gap], "webhooks": webhooks}
    by = {"mlflow.talentflow.ai/requested-by": "alice"}
    target = {"stage": "Production", "mirrorAlias": "champion"}
    with killer(audit, mark, team.namespace, operator, kills) as struck:
        team.promote(model, model, new, gates=gates, target=target, annotations=by)
        settle(team, operator, model)
        deadline = time.monotonic() + QUIET_SECONDS
        while not struck and time.monotonic() < deadline:
            time.sleep(0.1)
        operator.start()
    waiting.until(lambda: told(receiver), what="the listener to be told", seconds=60)
    check(team, registry, model, new)
    assert writes_of(audit.events(mark, USER), team.namespace).count("create jobs") == 1
    return struck[0] if struck else None


def settle(team: Team, operator: OperatorProcess, model: str) -> None:
    """Approve what is asked for, bring the operator back when it has died, until the version is promoted."""
    approved: set[str] = set()

    def is_promoted() -> bool:
        if operator.process.pid is None:
            operator.start()
        claim = team.get("modelpromotion", model)
        asked = claim.get("status", {}).get("approval")
        if condition(claim, "Ready").get("reason") == "ApprovalRequired" and asked["digest"] not in approved:
            approve(team, claim)
            approved.add(asked["digest"])
        return condition(claim, "Ready").get("reason") == "Promoted"

    waiting.until(is_promoted, what=f"{model} to be promoted", seconds=120, pause=0.2)
    assert len(approved) == 1, "one question to people, whatever dies"


def check(team: Team, registry: Registry, model: str, version: str) -> None:
    """The version is there, alone; one attempt, approved by bob, and no gate skipped."""
    status = team.ready("modelpromotion", model)["status"]
    assert (registry.holders(model, "Production"), registry.aliases(model)) == ([version], {"champion": version})
    assert [(a["number"], a["approvedBy"], a["policies"]) for a in status["history"]] == [
        (1, ["bob"], ["everything@1"])
    ]
    assert {g["result"] for g in status["gates"]} == {"Passed"}
    assert {g["type"] for g in status["gates"]} == {"Metric", "Comparison", "Job", "Webhook", "Approval", "Window"}
    assert [a["spec"]["approver"] for a in approvals(team, model)] == ["bob"]


def approvals(team: Team, model: str) -> list[Object]:
    """What people have said about a claim."""
    items = json.loads(team.plane.kubectl("get", "mpa", "-n", team.namespace, "-o", "json"))["items"]
    return [item for item in items if item["spec"]["promotionRef"]["name"] == model]


def told(receiver: Receiver) -> bool:
    """Whether the listener was told that it was promoted."""
    return any(message.content["type"].endswith("promoted") for message in receiver.of("feed"))


def writes_of(events: list[Object], namespace: str) -> list[str]:
    """The writes in a namespace, in their order; what was only tried is none."""
    return [
        "/".join([f"{event['verb']} {ref['resource']}", *filter(None, [ref.get("subresource")])])
        for event in events
        if event["verb"] in WRITES
        and "dryRun" not in event["requestURI"]
        and (ref := event.get("objectRef", {})).get("namespace") == namespace
    ]


@contextmanager
def killer(audit: AuditLog, mark: int, namespace: str, operator: OperatorProcess, kills: Kills) -> Iterator[list[str]]:
    """Kills the operator when the writes in the log say so; the list gets the last of them then."""
    struck: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set() and not struck:
            if kills(writes := writes_of(audit.seen(mark, USER), namespace)):
                operator.kill()
                struck.append(writes[-1])
            time.sleep(0.002)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield struck
    finally:
        over.set()
        thread.join()
