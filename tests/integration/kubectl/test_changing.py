"""promote, rollback, approve and reject as people with the chart's roles, on a real API server and a real MLflow."""

import json
import os
import pty
import subprocess
import sys
import threading

import pytest

from cluster.plane.audit import AuditLog
from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Object, condition, has_reason
from integration.kubectl.terminal import Terminal
from integration.people import REQUESTED_BY, People
from mlflow_operator.errors import Conflict
from mlflow_operator.kubectl.changing import promoting
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place

pytestmark = pytest.mark.integration

REQUIRED = has_reason("ApprovalRequired")


@pytest.fixture
def fraud(people: People, model: str) -> Object:
    """A claim on Production whose version 6 is there."""
    people.ask("alice", "fraud", model, 6, gates={})
    return people.team.ready("modelpromotion", "fraud")


def asked(people: People, model: str, version: int = 7) -> Object:
    """The claim, once it waits for people."""
    people.ask("alice", "fraud", model, version)
    return people.team.until("modelpromotion", "fraud", REQUIRED)


def test_promote_asks_in_the_own_name_and_waits(
    people: People, terminal: Terminal, registry: Registry, model: str, fraud: Object
) -> None:
    """Paul may promote: the version is changed, his name is in the annotation, and the end is said."""
    done = terminal.run("paul", "promote", "fraud", "--version", "7", "--wait")
    assert done.code == 0, done.err
    first, last = done.out.splitlines()
    assert first == "ModelPromotion fraud asks for version 7 instead of 6, by paul"
    assert last.startswith("Promoted: ")
    assert registry.holders(model, "Production") == ["7"]
    after = people.team.get("modelpromotion", "fraud")
    assert after["metadata"]["annotations"][REQUESTED_BY] == "paul"
    words = ("get", "mp", "fraud", "-n", terminal.namespace, "--show-managed-fields", "-o", "json")
    managers = json.loads(people.team.plane.kubectl(*words))["metadata"]["managedFields"]
    assert "kubectl-mlflow" in {field["manager"] for field in managers}


def test_promote_of_what_is_there_changes_nothing(terminal: Terminal, fraud: Object, people: People) -> None:
    """The version is asked for already: no write, and with --wait the same end."""
    done = terminal.run("paul", "promote", "fraud", "--version", "6", "--wait")
    assert done.code == 0
    assert done.out.startswith("ModelPromotion fraud asks for version 6 already\nPromoted: ")
    assert people.team.get("modelpromotion", "fraud")["metadata"]["generation"] == fraud["metadata"]["generation"]


def test_a_dry_run_asks_the_api_server_and_writes_nothing(
    people: People, terminal: Terminal, fraud: Object, audit: AuditLog
) -> None:
    """Who may is told what would be; who may not, and a version that is none, are refused as they would be."""
    mark = audit.mark()
    done = terminal.run("paul", "promote", "fraud", "--version", "7", "--dry-run")
    assert (done.code, "would ask for version 7 instead of 6, by paul; nothing is written" in done.out) == (0, True)
    refused = terminal.run("erin", "promote", "fraud", "--version", "7", "--dry-run")
    assert (refused.code, refused.out) == (3, "")
    right = (
        f"erin needs the verb promote on modelslots.mlflow.talentflow.ai production in namespace {terminal.namespace}"
    )
    assert right in refused.err
    bad = terminal.run("paul", "promote", "fraud", "--version", "1000000000", "--dry-run")
    assert (bad.code, "spec.version" in bad.err) == (1, True)
    mine = [e for e in audit.events(mark) if e.get("impersonatedUser", {}).get("username") in ("paul", "erin")]
    assert [e for e in mine if e["verb"] == "patch" and "dryRun=All" not in e["requestURI"]] == []
    assert people.team.get("modelpromotion", "fraud")["spec"]["version"] == 6


def test_who_may_not_promote_is_told_the_right_that_is_missing(
    people: People, terminal: Terminal, fraud: Object
) -> None:
    """In the words of the admission policy; nothing changes."""
    done = terminal.run("erin", "promote", "fraud", "--version", "7")
    assert done.code == 3
    assert "needs the verb promote" in done.err
    assert people.team.get("modelpromotion", "fraud")["spec"]["version"] == 6


def test_waiting_ends_with_the_reason_why_it_cannot_be(people: People, terminal: Terminal, model: str) -> None:
    """A gate that is not passed: exit code 1, its words, and the next step."""
    gates = {"metrics": [{"name": "auc", "metric": "val_auc", "min": 0.9}]}
    people.ask("alice", "fraud", model, 6, gates=gates)
    people.team.until("modelpromotion", "fraud", has_reason("GateFailed"))
    done = terminal.run("paul", "promote", "fraud", "--version", "7", "--wait")
    message = condition(people.team.get("modelpromotion", "fraud"), "Ready")["message"]
    assert done.code == 1
    assert "version 7" in message
    end = f"GateFailed: {message}\n  next  kubectl mlflow diff fraud -n {terminal.namespace}\n"
    assert done.out.endswith(end)


def test_waiting_ends_when_time_is_over(people: People, terminal: Terminal, fraud: Object) -> None:
    """A version that is not registered may still come: what is waited for is said, and that it goes on."""
    done = terminal.run("paul", "promote", "fraud", "--version", "77", "--wait", "--timeout", "5s")
    assert done.code == 1
    assert "VersionNotFound: " in done.err
    assert "StillWaiting: ModelPromotion fraud is not ready after 0:00:05" in done.err


async def test_of_two_at_once_one_is_told(people: People, fraud: Object) -> None:
    """The version is written on what was read: a change in between is not overwritten."""
    plane = people.team.plane
    assert isinstance(plane, ControlPlane)
    async with await Person.log_in(Place(people.team.namespace, kubeconfig=str(plane.kubeconfig))) as person:
        read = await person.read("ModelPromotion", "fraud")
        people.ask("alice", "fraud", fraud["spec"]["model"], 8, gates={})
        with pytest.raises(Conflict):
            await person.change(read, promoting.change("7", await person.whoami()))
    assert people.team.get("modelpromotion", "fraud")["spec"]["version"] == 8


def test_what_git_keeps_is_changed_in_git(people: People, terminal: Terminal, fraud: Object) -> None:
    """A claim with the marks of Flux is refused without --force, and changed with it, with a warning."""
    labels = ("kustomize.toolkit.fluxcd.io/name=models", "kustomize.toolkit.fluxcd.io/namespace=flux-system")
    people.team.plane.kubectl("-n", terminal.namespace, "label", "mp", "fraud", *labels)
    done = terminal.run("paul", "promote", "fraud", "--version", "7")
    assert done.code == 1
    assert "comes from Git by Flux (Kustomization models), which would put version 6 back" in done.err
    assert people.team.get("modelpromotion", "fraud")["spec"]["version"] == 6
    forced = terminal.run("paul", "promote", "fraud", "--version", "7", "--force")
    assert (forced.code, forced.err.startswith("warning: ModelPromotion fraud comes from Git")) == (0, True)
    assert people.team.get("modelpromotion", "fraud")["spec"]["version"] == 7


def test_rollback_goes_back_to_the_version_before(
    people: People, terminal: Terminal, registry: Registry, model: str, fraud: Object
) -> None:
    """6, then 7, and back; or to the one that is named."""
    terminal.run("paul", "promote", "fraud", "--version", "7", "--wait")
    done = terminal.run("paul", "rollback", "fraud", "--wait")
    assert (done.code, registry.holders(model, "Production")) == (0, ["6"]), done.err
    named = terminal.run("paul", "rollback", "fraud", "--to", "7", "--wait")
    assert (named.code, registry.holders(model, "Production")) == (0, ["7"])
    types = [entry["type"] for entry in people.team.status("modelpromotion", "fraud")["history"]]
    assert types[:3] == ["Rollback", "Rollback", "Promote"]


def test_approve_shows_what_it_is_about_and_lets_it_go_on(
    people: People, terminal: Terminal, registry: Registry, model: str, fraud: Object
) -> None:
    """bob, who may approve Production, says yes; the slot moves, and his name is remembered."""
    claim = asked(people, model)
    done = terminal.run("bob", "approve", "fraud", "--yes", "--wait")
    assert done.code == 0, done.err
    assert f"  attempt       {claim['status']['approval']['digest']}" in done.err
    assert "  holds it now  6\n  asked for by  alice" in done.err
    assert done.out.startswith("approved by bob: promotionapproval fraud-")
    assert registry.holders(model, "Production") == ["7"]
    assert people.team.status("modelpromotion", "fraud")["attempt"]["approvedBy"] == ["bob"]


def test_nothing_is_said_without_a_terminal_or_yes(people: People, terminal: Terminal, model: str) -> None:
    """A script that forgot --yes approves nothing: exit code 2."""
    asked(people, model)
    done = terminal.run("bob", "approve", "fraud")
    assert (done.code, "pass --yes" in done.err) == (2, True)
    assert people.run("carol", "get", "mpa", "-o", "name") == ""


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_a_person_at_a_terminal_is_asked(
    people: People, terminal: Terminal, model: str, answer: str, code: int
) -> None:
    """Only a yes is a yes."""
    asked(people, model)
    master, slave = pty.openpty()
    words = ("approve", "fraud", "-n", terminal.namespace, "--as", "bob")
    argv = [sys.executable, "-m", "mlflow_operator.kubectl", *words]
    with subprocess.Popen(argv, env=terminal.environment, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        os.write(master, f"{answer}\n".encode())
        reader = threading.Thread(target=_drain, args=(master,), daemon=True)
        reader.start()
        assert process.wait(timeout=60) == code
        reader.join(5)
    assert bool(people.run("carol", "get", "mpa", "-o", "name")) is (answer == "y")


def _drain(master: int) -> None:
    """Read what is printed until the program ends, which a terminal tells as an error."""
    try:
        while os.read(master, 4096):
            pass
    except OSError:
        os.close(master)


def test_reject_says_why_and_stops_it(people: People, terminal: Terminal, model: str) -> None:
    """The reason is in the condition; without one the command means nothing."""
    asked(people, model)
    assert terminal.run("carol", "reject", "fraud", "--yes").code == 2
    done = terminal.run("carol", "reject", "fraud", "--reason", "recall fell by 4 points", "--yes")
    assert (done.code, done.out.startswith("rejected by carol: ")) == (0, True), done.err
    claim = people.team.until("modelpromotion", "fraud", has_reason("Rejected"))
    assert "carol" in condition(claim, "Ready")["message"]
    assert "recall fell by 4 points" in condition(claim, "Ready")["message"]


def test_who_may_not_approve_is_told_so(people: People, terminal: Terminal, model: str, fraud: Object) -> None:
    """Paul promotes and does not approve; and of a claim that asks nobody, nobody's word is taken."""
    nobody = terminal.run("bob", "approve", "fraud", "--yes")
    assert (nobody.code, "asks nobody: Promoted" in nobody.err) == (1, True)
    asked(people, model)
    done = terminal.run("paul", "approve", "fraud", "--yes")
    assert (done.code, 'cannot create resource "promotionapprovals"' in done.err) == (3, True)
