"""Gates on a real MLflow: what a version has proven there is what the claim says, and what decides."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest

from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason

pytestmark = pytest.mark.integration

AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}


def measured(registry: Registry, model: str, value: float, **datasets: float) -> str:
    """Register a version whose logged model has a metric, for no dataset and for some; its number."""
    run = registry.run()
    made = registry.logged_model(run)
    if not datasets:
        registry.log(run, "val_auc", value, model_id=made)
    for name, of in datasets.items():
        registry.log(run, "val_auc", of, model_id=made, dataset=name)
    return registry.add_measured_version(model, run, made)


def gate(obj: Object, name: str) -> Object:
    """What came out of a gate."""
    return next(g for g in obj["status"]["gates"] if g["name"] == name)


def test_a_version_that_fails_is_refused_with_the_number_and_one_that_passes_is_promoted(
    served: Team, registry: Registry, model: str
) -> None:
    """The logged model's metric decides; the number is in the message, in the status and in the table."""
    bad, good = measured(registry, model, 0.88), measured(registry, model, 0.93)
    served.promote("fraud", model, bad, gates={"metrics": [AUC]})
    refused = served.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert condition(refused, "Stalled")["status"] == "True"
    assert f"logged model of version {bad} is 0.88 and has to be >= 0.9" in condition(refused, "Ready")["message"]
    assert (gate(refused, "auc")["observed"], gate(refused, "auc")["expected"]) == ("0.88", ">= 0.9")
    table = served.plane.kubectl("get", "mp", "fraud", "-n", served.namespace, "-o", "wide")
    assert "auc Failed: 0.88, expected >= 0.9" in table
    assert registry.holders(model, "Production") == []
    served.promote("fraud", model, good, gates={"metrics": [AUC]})
    ready = served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == [good]
    assert (condition(ready, "GatesPassed")["status"], gate(ready, "auc")["observed"]) == ("True", "0.93")


def test_a_rollback_does_not_wait_for_what_an_emergency_cannot_wait_for(
    served: Team, registry: Registry, model: str
) -> None:
    """Windows are shut and its metric is too low by now: it comes back all the same, and the next one does not."""
    old, new, next_ = (measured(registry, model, value) for value in (0.91, 0.93, 0.95))
    gates: dict[str, object] = {"metrics": [AUC]}
    for version in (old, new):
        served.promote("fraud", model, version, gates=gates)
        served.ready("modelpromotion", "fraud")
    gates = {"metrics": [AUC | {"min": 0.94}], "windows": {"allow": [{"cron": hour(3), "duration": "1h"}]}}
    rollback = {"skipGates": ["metrics", "windows"]}
    served.promote("fraud", model, old, gates=gates, rollback=rollback)
    back = served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == [old]
    assert (back["status"]["attempt"]["type"], gate(back, "auc")["result"]) == ("Rollback", "Skipped")
    served.promote("fraud", model, next_, gates=gates, rollback=rollback)
    served.until("modelpromotion", "fraud", has_reason("WindowClosed"))
    assert registry.holders(model, "Production") == [old]


def test_a_run_counts_where_there_is_no_logged_model(served: Team, registry: Registry, model: str) -> None:
    """Versions of MLflow 2 have a run only; the message says that it is the run's."""
    version = registry.add_measured_version(model, registry.run(val_auc=0.95))
    served.promote("fraud", model, version, gates={"metrics": [AUC]})
    ready = served.ready("modelpromotion", "fraud")
    assert gate(ready, "auc")["message"] == f"val_auc of the run of version {version} is 0.95, >= 0.9"


def test_a_dataset_counts_by_its_name(served: Team, registry: Registry, model: str) -> None:
    """The value for the dataset that is asked for decides, and another dataset is not taken for it."""
    version = measured(registry, model, 0, holdout=0.93, train=0.99)
    gates = [AUC | {"dataset": "holdout"}, AUC | {"name": "other", "dataset": "production", "mode": "DryRun"}]
    served.promote("fraud", model, version, gates={"metrics": [*gates, AUC | {"name": "any", "mode": "DryRun"}]})
    ready = served.ready("modelpromotion", "fraud")
    assert gate(ready, "auc")["observed"] == "0.93"
    assert "but for holdout, train" in gate(ready, "other")["message"]
    assert gate(ready, "any")["result"] == "Inconclusive"


def test_nan_is_nobody_s_pass(served: Team, registry: Registry, model: str) -> None:
    """MLflow keeps a NaN of a logged model as 0, which is less than any maximum: it is Inconclusive all the same."""
    version = measured(registry, model, math.nan)
    served.promote("fraud", model, version, gates={"metrics": [{"name": "low", "metric": "val_auc", "max": 0.5}]})
    paused = served.until("modelpromotion", "fraud", has_reason("GateInconclusive"))
    assert (gate(paused, "low")["observed"], condition(paused, "Suspended")["status"]) == ("NaN", "True")
    assert registry.holders(model, "Production") == []


def test_a_version_has_to_be_better_than_the_holder(served: Team, registry: Registry, model: str) -> None:
    """The present holder is the one to beat, and an alias can be too."""
    old, worse, better = (measured(registry, model, value) for value in (0.9, 0.89, 0.91))
    comparison = {"name": "better", "metric": "val_auc", "minImprovement": 0.01}
    registry.move(model, old, "Production")
    registry.alias(model, "best", better)
    served.promote("fraud", model, worse, gates={"comparisons": [comparison]})
    refused = served.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert gate(refused, "better")["observed"] == "0.89, was 0.9"
    served.promote("fraud", model, better, gates={"comparisons": [comparison]})
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == [better]
    best = comparison | {"baseline": {"alias": "best"}}
    served.promote("staging", model, worse, target={"stage": "Staging"}, gates={"comparisons": [best]})
    refused = served.until("modelpromotion", "staging", has_reason("GateFailed"))
    assert gate(refused, "better")["observed"] == "0.89, was 0.91"


def test_a_metric_that_is_logged_later_lets_the_claim_go_on(served: Team, registry: Registry, model: str) -> None:
    """Training jobs evaluate after they have registered: a missing metric is Failed until it is there."""
    run = registry.run()
    version = registry.add_measured_version(model, run, registry.logged_model(run))
    served.promote("fraud", model, version, gates={"metrics": [AUC]})
    missing = served.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert "val_auc was not logged, in logged model m-" in gate(missing, "auc")["message"]
    registry.log(run, "val_auc", 0.95)
    served.until("modelpromotion", "fraud", has_reason("Promoted"), seconds=100)


def hour(offset: int) -> str:
    """A cron expression for each day at the hour that begins so many hours from now, in UTC."""
    return f"0 {(datetime.now(UTC) + timedelta(hours=offset)).hour} * * *"


def test_a_closed_window_is_waited_for_without_a_write(served: Team, registry: Registry, model: str) -> None:
    """The claim says until when, and its status is written once; opened by a change of the spec, it goes on."""
    closed = {"windows": {"allow": [{"cron": hour(3), "duration": "1h"}]}}
    served.promote("fraud", model, 7, gates=closed)
    waiting = served.until("modelpromotion", "fraud", has_reason("WindowClosed"))
    opens = datetime.fromisoformat(waiting["status"]["window"]["nextOpen"])
    assert timedelta(hours=2) <= opens - datetime.now(UTC) <= timedelta(hours=3)
    assert (waiting["status"]["phase"], condition(waiting, "Suspended")["status"]) == ("AwaitingWindow", "True")
    before = waiting["metadata"]["resourceVersion"]
    registry.tag(model, "7", "somebody", "looks")
    other = measured(registry, model, 0.9)
    served.promote("other", model, other, target={"stage": "Staging"})
    served.ready("modelpromotion", "other")
    assert served.get("modelpromotion", "fraud")["metadata"]["resourceVersion"] == before
    served.promote("fraud", model, 7, gates={"windows": {"allow": [{"cron": hour(0), "duration": "2h"}]}})
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["7"]


def test_time_in_another_slot_is_counted(
    served: Team, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """It is counted from when the operator has seen the version there, over a restart, and anew when it has left."""
    soak = {"minSoak": {"slot": {"stage": "Staging"}, "duration": "1m"}}
    registry.move(model, "7", "Staging")
    served.promote("fraud", model, 7, requires=soak)
    waiting = served.until("modelpromotion", "fraud", has_reason("SoakPending"))
    since = waiting["status"]["soak"][0]["since"]
    registry.move(model, "7", "None", archive=False)
    registry.move(model, "7", "Staging")
    anew = served.until("modelpromotion", "fraud", lambda o: o["status"].get("soak", [{}])[0].get("since") != since)
    assert "has to stay until" in condition(anew, "Ready")["message"]
    operator.kill()
    operator.start()
    served.until("modelpromotion", "fraud", has_reason("Promoted"), seconds=120)
    attempt = served.status("modelpromotion", "fraud")["attempt"]
    began = datetime.fromisoformat(anew["status"]["soak"][0]["since"])
    assert datetime.fromisoformat(attempt["startedAt"]) - began >= timedelta(minutes=1)


def test_tags_by_operator_and_age(served: Team, registry: Registry, model: str) -> None:
    """A tag that must not be there is refused while it is, and a version of today is young enough."""
    requires = {
        "maxAge": "1h",
        "tags": [{"key": "blocked", "operator": "NotExists"}, {"key": "by", "operator": "In", "values": ["ci", "qa"]}],
    }
    registry.tag(model, "7", "blocked", "legal")
    served.promote("fraud", model, 7, requires=requires)
    served.until("modelpromotion", "fraud", has_reason("TagRefused"))
    free = registry.add_version(model)
    registry.tag(model, free, "by", "qa")
    served.promote("fraud", model, free, requires=requires)
    served.ready("modelpromotion", "fraud")


def test_a_dry_run_shows_every_gate(served: Team, registry: Registry, model: str) -> None:
    """With all of them in DryRun the version is promoted, and the failures are in the status."""
    version = measured(registry, model, 0.5)
    dry = {"mode": "DryRun"}
    gates = {
        "metrics": [AUC | dry],
        "comparisons": [{"name": "better", "metric": "val_auc", "noBaseline": "Fail", **dry}],
        "windows": {"allow": [{"cron": hour(3), "duration": "1h"}], **dry},
    }
    served.promote("fraud", model, version, gates=gates)
    ready = served.ready("modelpromotion", "fraud")
    assert [g["result"] for g in ready["status"]["gates"]] == ["Failed", "Failed", "Waiting"]
    assert "dry run" in ready["status"]["gateSummary"]


def test_nobody_can_approve_what_nobody_has_asked_for(served: Team, registry: Registry, model: str) -> None:
    """A claim from before the policies: it is stalled until somebody says who asks."""
    served.promote("fraud", model, 7, gates={"approval": {}})
    stalled = served.until("modelpromotion", "fraud", has_reason("RequesterUnknown"))
    assert condition(stalled, "Stalled")["status"] == "True"
    served.promote(
        "fraud", model, 7, gates={"approval": {}}, annotations={"mlflow.talentflow.ai/requested-by": "alice"}
    )
    waiting = served.until("modelpromotion", "fraud", has_reason("ApprovalRequired"))
    assert (waiting["status"]["approval"]["requestedBy"], registry.holders(model, "Production")) == ("alice", [])


def test_what_was_applied_is_what_is_kept(installed: ControlPlane, team: Team, model: str) -> None:
    """The API server writes no default into gates, so nothing differs from Git."""
    gates = {"metrics": [AUC], "windows": {"allow": [{"cron": "0 9 * * *", "duration": "8h"}]}}
    kept = team.promote("fraud", model, 7, gates=gates)["spec"]["gates"]
    assert json.dumps(kept, sort_keys=True) == json.dumps(gates, sort_keys=True)
