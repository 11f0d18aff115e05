"""Approvals on a real API server and a real MLflow: nothing moves until enough people have said yes to exactly this."""

import os
import re
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest

from cluster.plane import programs
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason
from integration.people import People

pytestmark = pytest.mark.integration

REQUIRED = has_reason("ApprovalRequired")
TWO: Object = {"gates": {"approval": {"required": 2}}}
REASSERT = "mlflow.talentflow.ai/reassert"


@pytest.fixture
def people(asking: ControlPlane, served: Team) -> People:
    """A team with a server, whose members have the rights that they are known for."""
    found = People(served)
    found.bind()
    return found


def waiting(people: People, name: str = "fraud", given: str = "") -> Object:
    """The claim once it waits for people, with so many approvals (as in 1 of 2)."""

    def holds(obj: Object) -> bool:
        asked = obj.get("status", {}).get("approval") or {}
        return REQUIRED(obj) and asked.get("summary", "").startswith(given)

    return people.team.until("modelpromotion", name, holds)


def until(people: People, reason: str, seconds: float = 30.0) -> Object:
    """The claim once it has a reason."""
    return people.team.until("modelpromotion", "fraud", has_reason(reason), seconds=seconds)


def test_four_eyes(people: People, registry: Registry, model: str) -> None:
    """Who has asked cannot approve, though she has the right; somebody else can, and is remembered everywhere."""
    people.ask("alice", "fraud", model, 7)
    asked = waiting(people)
    assert [condition(asked, t)["status"] for t in ("Ready", "Suspended", "Reconciling")] == ["False", "True", "True"]
    assert asked["status"]["phase"] == "AwaitingApproval"
    assert "0 of 1" in people.team.plane.kubectl("get", "mp", "fraud", "-n", people.team.namespace, "-o", "wide")
    people.say("alice", asked)
    told = "not counted: alice has asked for it"
    people.team.until("modelpromotion", "fraud", lambda o: told in condition(o, "Ready")["message"])
    assert registry.holders(model, "Production") == []
    people.say("bob", asked)
    ready = people.team.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    assert [entry["approvedBy"] for entry in ready["status"]["history"]] == [["bob"]]
    assert (condition(ready, "Approved")["status"], condition(ready, "Approved")["message"]) == (
        "True",
        "approved by bob",
    )
    assert registry.tags(model, "7")["mlflow.talentflow.ai/approved-by"] == "bob"
    reasons = [event["reason"] for event in people.team.announced("fraud", "Promoted")]
    assert reasons == ["ApprovalRequired", "Approved", "Promoted"]


def test_the_command_of_the_message_approves(people: People, registry: Registry, model: str) -> None:
    """Copied into a shell as it is, by somebody who is logged in."""
    people.ask("alice", "fraud", model, 7, target={"stage": "Production", "mirrorAlias": "champion"})
    message = condition(waiting(people), "Ready")["message"]
    plane = people.team.plane
    assert isinstance(plane, ControlPlane)
    folder = programs.build(programs.KUBERNETES)
    env = os.environ | {"KUBECONFIG": str(plane.log_in("carol", "/CN=carol")), "PATH": f"{folder}:{os.environ['PATH']}"}
    command = message.partition("runs: ")[2]
    done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, check=False)
    assert re.fullmatch(r"promotionapproval\.\S+/fraud-\w+ created\n", done.stdout), done.stderr
    people.team.ready("modelpromotion", "fraud")
    assert (registry.holders(model, "Production"), registry.aliases(model)) == (["7"], {"champion": "7"})


def test_two_are_two_people(people: People, registry: Registry, model: str) -> None:
    """One who says it twice is one; the second lets it go on."""
    people.ask("alice", "fraud", model, 7, **TWO)
    asked = waiting(people)
    people.say("bob", asked)
    people.say("bob", asked)
    people.say("carol", waiting(people, given="1 of 2 by bob"), slots=["staging"])
    told = "not counted: carol does not name production"
    people.team.until("modelpromotion", "fraud", lambda o: told in condition(o, "Ready")["message"])
    assert registry.holders(model, "Production") == []
    people.say("carol", asked)
    ready = people.team.ready("modelpromotion", "fraud")
    assert ready["status"]["attempt"]["approvedBy"] == ["bob", "carol"]


CHANGES: dict[str, dict[str, Any]] = {
    "another version": {"version": 8},
    "another gate": {"gates": {"approval": {"required": 2, "timeout": "24h"}}},
    "another requirement": {"requires": {"maxAge": "24h"}},
}


@pytest.mark.parametrize("change", [*CHANGES.values(), {}], ids=[*CHANGES, "another holder"])
def test_what_was_approved_and_has_changed_is_asked_for_anew(
    people: People, registry: Registry, model: str, change: dict[str, Any]
) -> None:
    """What bob has said is void; with carol's there is one of two, and nothing moves."""
    people.ask("alice", "fraud", model, 7, **TWO)
    before = waiting(people)
    people.say("bob", before)
    waiting(people, given="1 of 2")
    if change:
        people.ask("alice", "fraud", model, **({"version": 7} | TWO | change))
    else:
        registry.move(model, "5", "Production")
    people.say("carol", waiting(people, given="0 of 2"))
    after = waiting(people, given="1 of 2 by carol")
    assert after["status"]["approval"]["digest"] != before["status"]["approval"]["digest"]
    assert registry.holders(model, "Production") == ([] if change else ["5"])


def test_who_asks_last_is_who_has_asked(people: People, registry: Registry, model: str) -> None:
    """Somebody else writes the same claim over: then alice may approve it, and what was said before is void."""
    people.ask("alice", "fraud", model, 7, historyLimit=5)
    bobs = waiting(people)
    people.ask("paul", "fraud", model, 7, historyLimit=6)
    asked = people.team.until(
        "modelpromotion", "fraud", lambda o: o["status"]["approval"].get("requestedBy") == "paul" and REQUIRED(o)
    )
    people.say("bob", bobs)
    people.say("alice", asked)
    ready = people.team.ready("modelpromotion", "fraud")
    assert ready["status"]["attempt"]["approvedBy"] == ["alice"]


def test_an_approval_that_is_deleted_is_taken_back(
    people: People, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """Also while nobody looks: the operator is killed, and counts what is there when it comes back."""
    people.ask("alice", "fraud", model, 7, **TWO)
    asked = waiting(people)
    name = people.say("bob", asked)
    waiting(people, given="1 of 2")
    people.run("bob", "delete", "promotionapproval", name)
    waiting(people, given="0 of 2")
    name = people.say("bob", asked)
    waiting(people, given="1 of 2")
    operator.kill()
    people.run("bob", "delete", "promotionapproval", name)
    people.say("carol", asked)
    operator.start()
    waiting(people, given="1 of 2 by carol")
    assert registry.holders(model, "Production") == []


def test_approved_while_the_operator_is_dead(
    people: People, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """It goes on when it is back; and an approval is of one attempt, also when the next one is for the same version."""
    people.ask("alice", "fraud", model, 7)
    asked = waiting(people)
    operator.kill()
    people.say("bob", asked)
    operator.start()
    people.team.ready("modelpromotion", "fraud")
    registry.move(model, "5", "Production")
    until(people, "DriftDetected")
    people.ask("alice", "fraud", model, 7, annotations={REASSERT: "1"})
    again = waiting(people)
    assert again["status"]["approval"]["digest"] != asked["status"]["approval"]["digest"]
    assert registry.holders(model, "Production") == ["5"]


def test_a_no_stops_it_and_says_who_and_why(people: People, registry: Registry, model: str) -> None:
    """More than any yes; asked once more, it waits again; taken back by its maker, it counts no more."""
    people.ask("alice", "fraud", model, 7, **TWO)
    asked = waiting(people)
    people.say("bob", asked)
    no = people.say("carol", asked, "Reject")
    stopped = until(people, "Rejected")
    assert (condition(stopped, "Stalled")["status"], stopped["status"]["approval"]["rejectedBy"]) == ("True", "carol")
    assert "carol has rejected version 7 for stage/Production: recall fell" in condition(stopped, "Ready")["message"]
    assert [e["type"] for e in people.team.announced("fraud", "Rejected") if e["reason"] == "Rejected"] == ["Warning"]
    people.run("carol", "delete", "promotionapproval", no)
    waiting(people, given="1 of 2 by bob")
    people.say("carol", asked, "Reject")
    until(people, "Rejected")
    people.ask("alice", "fraud", model, 7, **TWO, annotations={REASSERT: "1"})
    waiting(people, given="0 of 2")
    assert registry.holders(model, "Production") == []


def test_time_runs_out(people: People, registry: Registry, model: str) -> None:
    """A minute is over, and nobody has approved it: stalled, and who comes later is too late."""
    people.ask("alice", "fraud", model, 7, gates={"approval": {"timeout": "1m"}})
    asked = waiting(people)
    expires = datetime.fromisoformat(asked["status"]["approval"]["expires"])
    since = datetime.fromisoformat(asked["status"]["approval"]["since"])
    assert timedelta(minutes=1) <= expires - since < timedelta(minutes=1, seconds=1)
    over = until(people, "ApprovalTimedOut", seconds=100)
    assert condition(over, "Stalled")["status"] == "True"
    people.say("bob", asked)
    people.ask("alice", "other", model, 6, target={"stage": "Staging"})
    waiting(people, "other")
    assert registry.holders(model, "Production") == []
    assert has_reason("ApprovalTimedOut")(people.team.get("modelpromotion", "fraud"))


def test_waiting_for_people_writes_nothing(people: People, registry: Registry, model: str) -> None:
    """Looks at the registry, lists of everything and words about other attempts leave the claim as it is."""
    people.ask("alice", "fraud", model, 7)
    asked = waiting(people)
    people.say("bob", asked, attempt="0" * 64)
    registry.tag(model, "7", "somebody", "looks")
    people.ask("alice", "other", model, 6, target={"stage": "Staging"}, gates={})
    people.team.ready("modelpromotion", "other")
    people.ask("alice", "third", model, 5, target={"alias": "third"}, gates={})
    people.team.ready("modelpromotion", "third")
    now = people.team.get("modelpromotion", "fraud")
    assert now["metadata"]["resourceVersion"] == asked["metadata"]["resourceVersion"]


def test_machines_come_before_people_and_after_them(people: People, registry: Registry, model: str) -> None:
    """Nobody is asked about a version that fails; one whose metric falls after the yes is not written."""
    run = registry.run(val_auc=0.5)
    version = registry.add_measured_version(model, run)
    gates = {"metrics": [{"name": "auc", "metric": "val_auc", "min": 0.9}], "approval": {"required": 1}}
    people.ask("alice", "fraud", model, version, gates=gates)
    refused = until(people, "GateFailed")
    assert "approval" not in refused["status"]
    good = registry.run(val_auc=0.95)
    better = registry.add_measured_version(model, good)
    people.ask("alice", "fraud", model, better, gates=gates)
    asked = waiting(people)
    registry.log(good, "val_auc", 0.4)
    people.say("bob", asked)
    until(people, "GateFailed")
    assert registry.holders(model, "Production") == []
