"""diff and plan on a real API server and a real MLflow: what they say is what would happen, and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest

from cluster.plane.audit import AuditLog
from cluster.services.doorkeeper import doorkeeper
from cluster.services.registry import Registry
from cluster.services.team import Object, has_reason
from integration.kubectl.terminal import Done, Terminal
from integration.people import REQUESTED_BY, People

pytestmark = pytest.mark.integration

AUC = {"metrics": [{"name": "auc", "metric": "val_auc", "min": 0.9}]}


@pytest.fixture
def measured(registry: Registry, model: str) -> tuple[str, str]:
    """Two versions whose runs have val_auc: a good one, and one that is not."""
    good, bad = (registry.add_measured_version(model, registry.run(val_auc=auc)) for auc in (0.95, 0.8))
    return good, bad


class Planner:
    """Somebody who plans a claim."""

    def __init__(self, people: People, terminal: Terminal, folder: Path) -> None:
        self.people = people
        self.terminal = terminal
        self.file = folder / "claim.yaml"

    def write(self, model: str, version: str, who: str = "paul", **spec: Any) -> None:
        """Write the file: a claim on Production."""
        wanted: Object = {"serverRef": {"name": "mlflow"}, "model": model, "version": version}
        wanted |= {"target": {"stage": "Production"}}
        obj = self.people.team.object("ModelPromotion", "fraud", wanted | spec, annotations={REQUESTED_BY: who})
        self.file.write_text(json.dumps(obj))

    def plan(self, who: str = "paul", *words: str) -> Done:
        """Plan it."""
        return self.terminal.run(who, "plan", "-f", str(self.file), *words)

    def apply(self, who: str = "paul") -> None:
        """Apply it for real."""
        words = ("apply", "--server-side", "--force-conflicts", "-f", str(self.file), "--as", who)
        self.people.team.plane.kubectl(*words)


@pytest.fixture
def planner(people: People, terminal: Terminal, tmp_path: Path) -> Planner:
    """Somebody with a file."""
    return Planner(people, terminal, tmp_path)


def test_a_plan_is_what_happens_then(
    planner: Planner, registry: Registry, model: str, measured: tuple[str, str], people: People
) -> None:
    """It says what would move and be archived; applied, exactly that is in the registry."""
    good, _ = measured
    registry.move(model, "6", "Production")
    target = {"stage": "Production", "mirrorAlias": "champion"}
    planner.write(model, good, "alice", gates=AUC, target=target, tags={"r": "1"})
    done = planner.plan("alice", "-o", "json")
    (found,) = json.loads(done.out)
    assert (done.code, found["verdict"], found["versionBefore"]) == (0, "would be promoted", None)
    assert found["writes"] == [
        f"version {good}: None to Production",
        "version 6: Production to Archived",
        f"alias champion: none to {good}",
        f"tag of version {good}: r=1",
    ]
    assert [(gate["name"], gate["result"], gate["observed"]) for gate in found["gates"]] == [("auc", "Passed", "0.95")]
    assert found["unknown"] == [
        "whether a claim of another namespace has the slot: you may not list claims there",
        "what policies ask for: you may not list PromotionPolicies",
    ]
    assert registry.holders(model, "Production") == ["6"]
    planner.apply("alice")
    people.team.ready("modelpromotion", "fraud")
    assert (registry.holders(model, "Production"), registry.aliases(model)) == ([good], {"champion": good})
    after = json.loads(planner.plan("alice", "-o", "json").out)[0]
    assert (after["verdict"], after["writes"]) == ("nothing would move", [])


def test_a_gate_that_would_fail_is_the_same_as_the_one_that_fails(
    planner: Planner, people: People, model: str, measured: tuple[str, str]
) -> None:
    """Exit code 1; found and expected are those of the condition afterwards, in a terminal and as Markdown."""
    planner.write(model, measured[1], gates=AUC)
    done = planner.plan()
    assert (done.code, done.err) == (1, "")
    assert "ModelPromotion fraud: would not be promoted\n" in done.out
    comment = planner.plan("paul", "-o", "markdown").out
    assert comment.startswith(f"### `{people.team.namespace}/fraud`: would not be promoted\n")
    assert "| auc | Metric | spec | Failed | 0.8 | >= 0.9 |" in comment
    planner.apply()
    claim = people.team.until("modelpromotion", "fraud", has_reason("GateFailed"))
    (gate,) = claim["status"]["gates"]
    (planned,) = json.loads(planner.plan("paul", "-o", "json").out)[0]["gates"]
    assert {key: planned[key] for key in ("result", "observed", "expected", "message")} == {
        key: gate[key] for key in ("result", "observed", "expected", "message")
    }


def test_what_is_refused_is_said_as_the_api_server_says_it(
    planner: Planner, model: str, measured: tuple[str, str]
) -> None:
    """By CEL, and by who may not; the gates are told to the latter all the same."""
    planner.write(model, "0")
    bad = planner.plan()
    assert bad.code == 1
    assert "spec.version" in bad.out
    planner.write(model, measured[0], "erin", gates=AUC)
    refused = planner.plan("erin", "-o", "json")
    (found,) = json.loads(refused.out)
    assert (refused.code, found["verdict"]) == (1, "would be refused")
    assert "erin needs the verb promote on modelslots.mlflow.talentflow.ai production" in found["refused"]
    assert [gate["result"] for gate in found["gates"]] == ["Passed"]


def test_a_server_that_is_not_there_yet_is_waited_for(planner: Planner, model: str) -> None:
    """The claim may be first in Git; a plan says so instead of giving up, also from standard input."""
    planner.write(model, "6", serverRef={"name": "later"})
    done = planner.terminal.run("paul", "plan", "-f", "-", "-o", "json", text=planner.file.read_text())
    (found,) = json.loads(done.out)
    assert (done.code, found["verdict"], found["reason"]) == (1, "would wait for its server", "ServerNotFound")
    planner.file.write_text("kind: ConfigMap\n")
    assert planner.plan().code == 2


def test_a_plan_knows_of_another_claim_and_of_policies(
    planner: Planner, people: People, model: str, measured: tuple[str, str]
) -> None:
    """What has the slot, and what the platform asks for, as the operator sees both; to who may look at them."""
    policy = {
        "governs": {"models": [model]},
        "gates": {"metrics": [{"name": "recall", "metric": "val_recall", "min": 0.5}]},
    }
    obj = people.team.object("PromotionPolicy", f"p-{model}", policy)
    del obj["metadata"]["namespace"]
    kubectl = people.team.plane.kubectl
    kubectl("apply", "--server-side", "-f", "-", text=json.dumps(obj))
    kubectl("create", "clusterrolebinding", f"see-{model}", "--clusterrole=mlflow-operator-view", "--user=paul")
    try:
        planner.write(model, measured[0], gates=AUC)
        (found,) = json.loads(planner.plan("paul", "-o", "json").out)
        assert [(gate["from"], gate["name"], gate["result"]) for gate in found["gates"]] == [
            ("spec", "auc", "Passed"),
            (f"policy/p-{model}", "recall", "Failed"),
        ]
        assert found["unknown"] == []
        people.ask("alice", "older", model, 5, gates={})
        people.team.until("modelpromotion", "older", has_reason("GateFailed"))
        (taken,) = json.loads(planner.plan("paul", "-o", "json").out)
        assert (taken["reason"], "ModelPromotion older has stage/Production" in taken["message"]) == ("Conflict", True)
    finally:
        kubectl("delete", "clusterrolebinding", f"see-{model}")
        kubectl("delete", "promotionpolicy", f"p-{model}")


def test_nothing_is_written_by_diff_and_plan(
    planner: Planner, registry: Registry, model: str, measured: tuple[str, str], audit: AuditLog
) -> None:
    """The API server sees dry runs and reads, people are not asked, and MLflow is as it was."""
    planner.write(model, "6")
    planner.apply()
    planner.people.team.ready("modelpromotion", "fraud")
    planner.write(model, measured[0], gates=AUC | {"approval": {}})
    before, mark = registry.versions(model), audit.mark()
    with doorkeeper(registry.url) as keeper:
        done = planner.plan("paul", "-o", "json", "--url", keeper.url)
        assert planner.terminal.run("paul", "diff", "fraud", measured[0], "--url", keeper.url).code == 0
    (found,) = json.loads(done.out)
    assert (done.code, found["verdict"]) == (0, "would be promoted, once what is not asked here is passed")
    assert keeper.writes == []
    mine = [e for e in audit.events(mark) if e.get("impersonatedUser", {}).get("username") == "paul"]
    writes = [e for e in mine if e["verb"] not in ("get", "list")]
    assert writes
    assert [e for e in writes if "dryRun=All" not in e["requestURI"]] == []
    assert audit.writes(mark, namespace=planner.terminal.namespace) == {}
    assert registry.versions(model) == before


def test_diff_has_what_mlflow_knows(
    people: People, terminal: Terminal, registry: Registry, model: str, measured: tuple[str, str]
) -> None:
    """Metrics of runs and logged models side by side, with their change; tags that differ."""
    good, bad = measured
    run = registry.run(val_auc=0.97)
    logged = registry.logged_model(run)
    registry.log(run, "val_auc", 0.91, model_id=logged, dataset="abroad")
    third = registry.add_measured_version(model, run, logged)
    registry.tag(model, third, "team", "risk")
    people.ask("alice", "fraud", model, good, gates={})
    people.team.ready("modelpromotion", "fraud")
    done = terminal.run("vera", "diff", "fraud", third)
    assert done.code == 0, done.err
    rows = [line.split() for line in done.out.splitlines()]
    assert rows[0] == [model, f"v{good}", f"v{third}", "CHANGE"]
    assert ["metric", "val_auc", "0.95", "0.91", "-0.04"] in rows  # a run has what its logged models were given
    assert ["metric", "val_auc", "(abroad)", "-", "0.91", "-"] in rows
    assert ["tag", "team", "-", "risk", "-"] in rows
    data = json.loads(terminal.run("vera", "diff", "fraud", good, bad, "-o", "json").out)
    assert (data["left"]["metrics"], data["right"]["metrics"]) == ({"val_auc": 0.95}, {"val_auc": 0.8})


def test_mlflow_that_does_not_answer_is_exit_code_3(people: People, terminal: Terminal, model: str) -> None:
    """Its words, in one line; a version that is not there is 1."""
    people.ask("alice", "fraud", model, 6, gates={})
    people.team.ready("modelpromotion", "fraud")
    silent = terminal.run("vera", "diff", "fraud", "7", "--url", "http://127.0.0.1:9")
    assert (silent.code, len(silent.err.splitlines())) == (3, 1)
    absent = terminal.run("vera", "diff", "fraud", "70")
    assert (absent.code, "version 70 of" in absent.err) == (1, True)
