"""Gates, people and a policy, and an operator that is killed before and after every single write of its attempts."""

import itertools
import json
import uuid
from collections.abc import Iterator

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.doorkeeper import Doorkeeper, doorkeeper
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, has_reason, is_ready
from integration.gates.test_gates import AUC, measured
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

ALWAYS = {"allow": [{"cron": "* * * * *", "duration": "1m"}]}
GATES: Object = {
    "metrics": [AUC],
    "comparisons": [{"name": "better", "metric": "val_auc"}],
    "approval": {"required": 1},
    "windows": ALWAYS,
}

WRITES = {
    f"POST /api/2.0/mlflow/{path}"
    for path in ("model-versions/transition-stage", "model-versions/set-tag", "registered-models/alias")
}
MANY = 50
"""More than there are: how many differs by one or two, since questions that MLflow takes by POST count too."""


@pytest.fixture
def policy(installed: ControlPlane) -> Iterator[Object]:
    """The platform asks for a little more, of the models of this test alone."""
    spec = {"governs": {"models": ["killed-*"]}, "gates": {"metrics": [AUC | {"min": 0.91}], "windows": ALWAYS}}
    body = {"apiVersion": API_VERSION, "kind": "PromotionPolicy", "metadata": {"name": "killed"}, "spec": spec}
    installed.kubectl("apply", "--server-side", "-f", "-", text=json.dumps(body))
    yield body
    installed.kubectl("delete", "mpp", "killed")


def asked(team: Team, registry: Registry) -> tuple[str, str, Object]:
    """A model with a holder and a better version, and a claim on that which waits for somebody; model and version."""
    model = registry.create_model(f"killed-{uuid.uuid4().hex[:8]}")
    old, new = measured(registry, model, 0.9), measured(registry, model, 0.93)
    registry.move(model, old, "Production")
    target = {"stage": "Production", "mirrorAlias": "champion"}
    by = {"mlflow.talentflow.ai/requested-by": "alice"}
    team.promote(model, model, new, gates=GATES, target=target, annotations=by, tags={"team": "risk"})
    return model, new, team.until("modelpromotion", model, has_reason("ApprovalRequired"))


def approve(team: Team, claim: Object) -> None:
    """Bob says yes to exactly this."""
    meta, wanted = claim["metadata"], claim["status"]["approval"]
    spec = {
        "promotionRef": {"name": meta["name"], "uid": meta["uid"]},
        "slots": wanted["slots"],
        "attempt": wanted["digest"],
        "decision": "Approve",
        "approver": "bob",
    }
    team.apply("PromotionApproval", meta["name"], spec)


def check(team: Team, registry: Registry, model: str, version: str) -> None:
    """The version is there, alone, with what belongs to it; one attempt, approved by bob, and no gate skipped."""
    settled = team.ready("modelpromotion", model)
    status = settled["status"]
    assert (registry.holders(model, "Production"), registry.aliases(model)) == ([version], {"champion": version})
    assert registry.tags(model, version)["team"] == "risk"
    assert [(a["number"], a["approvedBy"], a["policies"]) for a in status["history"]] == [(1, ["bob"], ["killed@1"])]
    assert {g["result"] for g in status["gates"]} == {"Passed"}
    assert {g["from"] for g in status["gates"]} == {"spec", "policy/killed"}


def test_killed_before_and_after_every_write_with_gates_on(
    policy: Object,
    team: Team,
    operator: OperatorProcess,
    registry: Registry,
    mlflow_server: MlflowServer,
) -> None:
    """Each that a promotion has, until one has no more of them; the next process ends what the killed one began."""
    assert policy
    killed: list[str] = []
    with doorkeeper(mlflow_server.url) as keeper:
        team.external_server(keeper.url)
        for number, after in itertools.product(range(MANY), (False, True)):
            write = killed_at(number, team, registry, keeper, operator, after=after)
            if write is None:
                break
            killed.append(write)
            print(f"killed {'after' if after else 'before'} {write}")
    assert set(killed) >= WRITES


def killed_at(
    number: int, team: Team, registry: Registry, keeper: Doorkeeper, operator: OperatorProcess, *, after: bool
) -> str | None:
    """A promotion, and the write at which its operator was killed; None where it was through before."""
    model, version, claim = asked(team, registry)
    keeper.arm(operator.kill, number, after=after)
    approve(team, claim)
    waiting.until(
        lambda: operator.process.pid is None or is_ready(team.get("modelpromotion", model)),
        what=f"the kill at write {number}, or the end",
        seconds=60,
    )
    is_killed = operator.process.pid is None
    writes = list(keeper.writes)
    keeper.arm()
    operator.start()
    check(team, registry, model, version)
    return writes[number] if is_killed else None
