"""The main job: `kubectl apply` moves a model version into its slot, keeps an eye on it, and says so."""

import pytest

from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team, condition, has_reason

pytestmark = pytest.mark.integration


def test_apply_moves_a_version_into_production(served: Team, registry: Registry, model: str) -> None:
    """The version is in Production, the one before it is archived, and the status says all of it."""
    registry.move(model, "6", "Production")
    served.promote("fraud", model, 7)
    status = served.ready("modelpromotion", "fraud")["status"]
    assert registry.holders(model, "Production") == ["7"]
    assert registry.versions(model)["6"]["current_stage"] == "Archived"
    shown = {key: status[key] for key in ("phase", "slot", "currentVersion", "previousVersion", "holders", "modelURI")}
    assert shown == {
        "phase": "Promoted",
        "slot": "stage/Production",
        "currentVersion": "7",
        "previousVersion": "6",
        "holders": ["7"],
        "modelURI": f"models:/{model}/7",
    }
    assert [(a["fromVersion"], a["toVersion"], a["result"]) for a in status["history"]] == [("6", "7", "Promoted")]


def test_the_move_leaves_a_trail(served: Team, registry: Registry, model: str) -> None:
    """One Event in Kubernetes, tags on the version in MLflow."""
    served.promote("fraud", model, 7, tags={"team": "risk"})
    served.ready("modelpromotion", "fraud")
    tags = registry.tags(model, "7")
    assert tags["mlflow.talentflow.ai/promotion"] == f"{served.namespace}/fraud"
    assert tags["mlflow.talentflow.ai/slot"] == "stage/Production"
    assert tags["team"] == "risk"
    assert [(e["reason"], e["type"]) for e in served.announced("fraud", "Promoted")] == [("Promoted", "Normal")]


def test_an_alias_is_a_slot_too(served: Team, registry: Registry, model: str) -> None:
    """target.alias moves the alias and touches no stage."""
    registry.alias(model, "champion", "3")
    served.promote("fraud", model, "7", target={"alias": "champion"})
    status = served.ready("modelpromotion", "fraud")["status"]
    assert registry.aliases(model) == {"champion": "7"}
    assert {v["current_stage"] for v in registry.versions(model).values()} == {"None"}
    assert (status["slot"], status["previousVersion"]) == ("alias/champion", "3")


def test_a_mirror_alias_moves_with_the_stage(served: Team, registry: Registry, model: str) -> None:
    """The bridge from stages to aliases: one attempt moves both."""
    served.promote("fraud", model, 7, target={"stage": "Production", "mirrorAlias": "champion"})
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]
    assert registry.aliases(model) == {"champion": "7"}


def test_existing_versions_can_stay(served: Team, registry: Registry, model: str) -> None:
    """With Keep the other versions stay in the stage, and the status lists them all."""
    registry.move(model, "6", "Production")
    served.promote("fraud", model, 7, existingVersions="Keep")
    status = served.ready("modelpromotion", "fraud")["status"]
    assert registry.holders(model, "Production") == ["6", "7"]
    assert (status["currentVersion"], status["holders"]) == ("7", ["7", "6"])


def test_applying_an_older_version_rolls_back(served: Team, registry: Registry, model: str) -> None:
    """`git revert`: the earlier version holds the slot again, and the history says that it was a rollback."""
    for version in (6, 7, 6):
        served.promote("fraud", model, version, requires={"currentStage": ["None", "Staging"]})
        served.ready("modelpromotion", "fraud")
        assert registry.holders(model, "Production") == [str(version)]
    status = served.status("modelpromotion", "fraud")
    assert [(a["type"], a["toVersion"]) for a in status["history"]] == [
        ("Rollback", "6"),
        ("Promote", "7"),
        ("Promote", "6"),
    ]
    assert status["previousVersion"] == "7"


def test_a_version_that_is_not_registered_yet_is_waited_for(served: Team, registry: Registry, model: str) -> None:
    """Git often lands before the training job registers: the claim waits, and goes on by itself."""
    served.promote("fraud", model, 10)
    waiting = served.until("modelpromotion", "fraud", has_reason("VersionNotFound"))
    assert condition(waiting, "Reconciling")["status"] == "True"
    assert "the newest is 9" in condition(waiting, "Ready")["message"]
    registry.add_version(model)
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["10"]


def test_a_server_that_is_not_there_yet_is_waited_for(
    team: Team, operator: OperatorProcess, registry: Registry, model: str
) -> None:
    """A claim may be applied before its server; it goes on when the server is ready."""
    team.promote("fraud", model, 7)
    team.until("modelpromotion", "fraud", has_reason("ServerNotFound"))
    team.external_server(registry.url)
    team.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_what_is_required_is_waited_for(served: Team, registry: Registry, model: str) -> None:
    """Stage and tags come from other people; the claim says what is missing and goes on when it is there."""
    wanted = {"currentStage": ["Staging"], "tags": [{"key": "validation_status", "value": "approved"}]}
    served.promote("fraud", model, 7, requires=wanted)
    blocked = served.until("modelpromotion", "fraud", has_reason("WrongStage"))
    assert "waits for tag validation_status=approved" in condition(blocked, "Ready")["message"]
    registry.move(model, "7", "Staging")
    served.until("modelpromotion", "fraud", has_reason("TagMissing"))
    registry.tag(model, "7", "validation_status", "rejected")
    refused = served.until("modelpromotion", "fraud", has_reason("TagRefused"))
    assert condition(refused, "Stalled")["status"] == "True"
    assert registry.holders(model, "Production") == []
    registry.tag(model, "7", "validation_status", "approved")
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_what_somebody_else_moved_is_reported_and_not_fought(served: Team, registry: Registry, model: str) -> None:
    """A rollback at three in the morning in the UI stands: Ready is False, and the message has both ways out."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    registry.move(model, "5", "Production")
    drifted = served.until("modelpromotion", "fraud", has_reason("DriftDetected"))
    assert condition(drifted, "Stalled")["status"] == "True"
    assert drifted["status"]["currentVersion"] == "5"
    assert registry.holders(model, "Production") == ["5"]
    served.promote("fraud", model, 5)  # the way out that accepts it
    served.ready("modelpromotion", "fraud")
    registry.move(model, "4", "Production")
    served.until("modelpromotion", "fraud", has_reason("DriftDetected"))
    served.promote("fraud", model, 5, annotations={"mlflow.talentflow.ai/reassert": "1"})  # the one that does not
    served.until("modelpromotion", "fraud", lambda o: o["status"]["currentVersion"] == "5")
    assert registry.holders(model, "Production") == ["5"]


def test_a_deleted_version_is_drift(served: Team, registry: Registry, model: str) -> None:
    """A version that holds a slot and is deleted leaves it empty, which is said."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    registry.delete_version(model, "7")
    drifted = served.until("modelpromotion", "fraud", has_reason("DriftDetected"))
    assert "has been deleted" in condition(drifted, "Ready")["message"]
    assert "currentVersion" not in drifted["status"]


def test_staging_and_production_of_one_version_do_not_fight(served: Team, registry: Registry, model: str) -> None:
    """A version goes from Staging to Production, and the claim on Staging stays ready: it went onward."""
    served.promote("fraud-staging", model, 7, target={"stage": "Staging"})
    served.ready("modelpromotion", "fraud-staging")
    served.promote("fraud", model, 7, requires={"currentStage": ["Staging"]})
    served.ready("modelpromotion", "fraud")
    onward = served.until("modelpromotion", "fraud-staging", has_reason("PromotedOnward"))
    assert condition(onward, "Ready")["status"] == "True"
    assert registry.holders(model, "Production") == ["7"]


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(served: Team, registry: Registry, model: str) -> None:
    """status.plan has every move; MLflow is as it was."""
    registry.move(model, "6", "Production")
    served.promote("fraud", model, 7, dryRun=True)
    status = served.until("modelpromotion", "fraud", has_reason("DryRunSucceeded"))["status"]
    assert [(m["version"], m["toStage"]) for m in status["plan"]["moves"]] == [("7", "Production"), ("6", "Archived")]
    assert registry.holders(model, "Production") == ["6"]
    assert "attempt" not in status
    served.promote("fraud", model, 7, dryRun=False)
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_a_suspended_claim_looks_but_does_not_touch(served: Team, registry: Registry, model: str) -> None:
    """suspend: the slot is reported and left alone until it is lifted."""
    registry.move(model, "6", "Production")
    served.promote("fraud", model, 7, suspend=True)
    suspended = served.until("modelpromotion", "fraud", has_reason("Suspended"))
    assert condition(suspended, "Suspended")["status"] == "True"
    assert suspended["status"]["currentVersion"] == "6"
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_deleting_a_claim_leaves_the_slot_alone(served: Team, registry: Registry, model: str) -> None:
    """DeletionPolicy Retain: production does not go down with a YAML file."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    served.delete("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_a_recreated_claim_adopts_what_it_finds(served: Team, registry: Registry, model: str) -> None:
    """Deleted and applied again, or moved from another cluster: the slot is as wanted, and nothing moves."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    before = registry.versions(model)["7"]["last_updated_timestamp"]
    served.delete("modelpromotion", "fraud")
    served.promote("fraud", model, 7)
    status = served.ready("modelpromotion", "fraud")["status"]
    assert status["attempt"]["type"] == "Adopt"
    assert registry.versions(model)["7"]["last_updated_timestamp"] == before
