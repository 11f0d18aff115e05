"""status, history and doctor on a real API server with the operator beside it, as people who may only look."""

import json
import re
from pathlib import Path

import pytest
import yaml

from cluster.plane.audit import WRITES, AuditLog
from cluster.services.registry import Registry
from cluster.services.team import Team, condition, has_reason
from integration.kubectl.terminal import Terminal
from integration.people import People

pytestmark = pytest.mark.integration

LOGIN = {"uriSecretRef": {"name": "database", "key": "uri"}}
BROKEN = {"backendStore": LOGIN, "artifactStore": {"persistentVolume": {"size": "1Gi"}}}


def test_status_is_one_screen_for_whoever_may_look(people: People, terminal: Terminal, model: str) -> None:
    """All is well: exit code 0, and the slot with who holds it."""
    people.team.promote("fraud", model, 7, annotations={"mlflow.talentflow.ai/requested-by": "admin"})
    people.team.ready("modelpromotion", "fraud")
    done = terminal.run("vera", "status")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines() if line] == ["NAME", "mlflow", "NAME", "fraud"]
    assert f"{model}   stage/Production   7         7         True    Promoted" in done.out


def test_status_names_the_same_cause_as_the_condition(people: People, terminal: Terminal) -> None:
    """Reason and message, word for word; exit code 1, for people and for machines."""
    people.team.apply("MLflowServer", "broken", BROKEN)
    ready = condition(people.team.until("mlflowserver", "broken", has_reason("SecretNotFound")), "Ready")
    done = terminal.run("vera", "status")
    assert done.code == 1
    assert f"MLflowServer broken: {ready['reason']}\n  found  {ready['message']}\n" in done.out
    for read, word in ((json.loads, "json"), (yaml.safe_load, "yaml")):
        machine = terminal.run("vera", "status", "-o", word)
        told = {server["name"]: server for server in read(machine.out)["servers"]}
        assert machine.code == 1
        assert (told["broken"]["reason"], told["broken"]["message"]) == (ready["reason"], ready["message"])
        assert told["mlflow"]["ready"] == "True"


def test_the_doctor_finds_the_missing_secret_and_says_what_to_do(people: People, terminal: Terminal) -> None:
    """Who may read Secrets is told of the Secret; who may not gets the condition's words, and is told that too."""
    people.team.apply("MLflowServer", "broken", BROKEN)
    ready = condition(people.team.until("mlflowserver", "broken", has_reason("SecretNotFound")), "Ready")
    done = terminal.run("erin", "doctor", "mls/broken")
    assert done.code == 1
    assert f"MLflowServer broken is not ready: SecretNotFound\n  found  {ready['message']}\n" in done.out
    assert f"next   kubectl create secret generic database --from-file=uri=FILE -n {terminal.namespace}" in done.out
    assert re.search(r"^Secret database +wrong +does not exist; create it with uri$", done.out, re.MULTILINE)
    seen = json.loads(terminal.run("vera", "doctor", "mls/broken", "-o", "json").out)[0]["seen"]
    assert {"what": "Secret database", "state": "-", "detail": "you may not look at it"} in seen


def test_the_doctor_goes_from_a_claim_to_its_server(people: People, terminal: Terminal, model: str) -> None:
    """A claim waits for its server: the server's cause and next step are what is said."""
    people.team.apply("MLflowServer", "broken", BROKEN)
    people.ask("alice", "fraud", model, 7, serverRef={"name": "broken"}, gates={})
    people.team.until("modelpromotion", "fraud", has_reason("ServerNotReady"))
    done = terminal.run("vera", "doctor", "mp/fraud")
    assert done.code == 1
    lines = [line for line in done.out.splitlines() if " is not ready: " in line]
    assert lines == [
        "ModelPromotion fraud is not ready: ServerNotReady",
        "MLflowServer broken is not ready: SecretNotFound",
    ]
    assert [line for line in terminal.run("vera", "doctor").out.splitlines() if " is not ready: " in line] == [
        lines[1],
        *lines,
    ]


def test_history_says_who_has_approved_and_why_somebody_has_not(people: People, terminal: Terminal, model: str) -> None:
    """The attempts of the status, and the words of people."""
    people.ask("alice", "fraud", model, 7)
    people.say("bob", people.team.until("modelpromotion", "fraud", has_reason("ApprovalRequired")))
    people.team.ready("modelpromotion", "fraud")
    people.ask("alice", "fraud", model, 8)
    people.say("carol", people.team.until("modelpromotion", "fraud", has_reason("ApprovalRequired")), "Reject")
    people.team.until("modelpromotion", "fraud", has_reason("Rejected"))
    data = json.loads(terminal.run("vera", "history", "fraud", "-o", "json").out)
    assert [(a["type"], a["toVersion"], a["approvedBy"]) for a in data["attempts"]] == [("Promote", "7", ["bob"])]
    assert [(w["who"], w["said"], w["about"], w["why"]) for w in data["approvals"]] == [
        ("carol", "Reject", "the latest attempt", "recall fell"),
        ("bob", "Approve", "an earlier attempt", ""),
    ]
    assert "carol   Reject" in terminal.run("vera", "history", "fraud").out


def test_commands_that_look_write_nothing(people: People, terminal: Terminal, model: str, audit: AuditLog) -> None:
    """The API server has seen reads only."""
    people.ask("alice", "fraud", model, 7)
    people.team.until("modelpromotion", "fraud", has_reason("ApprovalRequired"))
    mark = audit.mark()
    for words in (("status",), ("history", "fraud"), ("doctor",), ("doctor", "mls/mlflow")):
        terminal.run("vera", *words)
    mine = [e for e in audit.events(mark) if e.get("impersonatedUser", {}).get("username") == "vera"]
    assert mine
    assert {e["verb"] for e in mine} & WRITES == set()


def test_who_may_not_look_is_told_so(served: Team, terminal: Terminal) -> None:
    """Exit code 3, and the API server's words; as where there is no cluster."""
    done = terminal.run("nobody", "status")
    assert (done.code, done.out) == (3, "")
    assert 'User "nobody" cannot list resource "mlflowservers"' in done.err
    assert len(done.err.splitlines()) == 1
    absent = terminal.start("status", "--kubeconfig", "/nowhere")
    assert absent.code == 3
    assert "no cluster is known" in absent.err
    assert len(absent.err.splitlines()) == 1
    wrong = terminal.start("status", "--context", "nowhere")
    assert (wrong.code, "nowhere" in wrong.err) == (3, True)


def test_the_namespace_is_that_of_the_context(people: People, terminal: Terminal, tmp_path: Path) -> None:
    """As for kubectl, where the command names none."""
    copy = tmp_path / "kubeconfig"
    copy.write_text(terminal.plane.kubeconfig.read_text())
    words = ("config", "set-context", "--current", f"--namespace={terminal.namespace}", f"--kubeconfig={copy}")
    terminal.plane.kubectl(*words)
    done = terminal.start("status", "--kubeconfig", str(copy), "-o", "json")
    assert [server["namespace"] for server in json.loads(done.out)["servers"]] == [terminal.namespace]


def test_an_object_that_is_not_there(people: People, terminal: Terminal) -> None:
    """Exit code 1, and where to look; a subject that names nothing is wrong use."""
    done = terminal.run("vera", "history", "fraud")
    assert done.code == 1
    assert f"ModelPromotion fraud does not exist in namespace {terminal.namespace}" in done.err
    assert terminal.run("vera", "doctor", "fraud").code == 2
    assert terminal.run("vera", "status", "--colour").code == 2


def test_what_is_piped_has_no_colours(people: People, terminal: Terminal) -> None:
    """Also where the environment would have them."""
    done = terminal.run("vera", "status", env={"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    assert done.code == 0
    assert "\x1b" not in done.out


def test_registry_is_left_alone(people: People, terminal: Terminal, registry: Registry, model: str) -> None:
    """Looking asks the cluster alone: nobody needs to reach MLflow."""
    people.ask("alice", "fraud", model, 7, gates={})
    people.team.ready("modelpromotion", "fraud")
    before = registry.versions(model)
    assert terminal.run("vera", "status", env={"http_proxy": "http://127.0.0.1:9"}).code == 0
    assert registry.versions(model) == before
