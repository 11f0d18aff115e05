"""What diff and plan say, from what was found."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.kubectl.comparing import versions
from mlflow_operator.kubectl.comparing.diff import find, pair
from mlflow_operator.kubectl.comparing.versions import Known
from mlflow_operator.kubectl.planning import files, forecast, report
from mlflow_operator.kubectl.planning.forecast import Forecast
from mlflow_operator.kubectl.planning.surroundings import Directory, rival
from mlflow_operator.kubectl.terminal.exits import USAGE, Stop
from mlflow_operator.promotion.evidence import Evidence, Measured, Need, Origin
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from unit.kubectl.samples import Object, claim, printed, server

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIX = ModelVersion("6", "Production", "READY", created=1, run="r6", tags={"team": "risk", "a": "1"})
SEVEN = ModelVersion(
    "7", "Staging", "READY", created=2, run="r7", tags={"team": "risk", "mlflow.talentflow.ai/slot": "x"}
)
REGISTERED = Snapshot("fraud-detector", {"6": SIX, "7": SEVEN}, {"champion": "6"})
AUC = {"name": "auc", "metric": "val_auc", "min": 0.9}


def test_two_versions_side_by_side() -> None:
    """Metrics with their change; of the rest what differs; the operator's own tags are no difference of models."""
    left = Known(SIX, {"auc": 0.9, "loss": 0.5}, {"depth": "3", "lr": "0.1"})
    right = Known(SEVEN, {"auc": 0.93}, {"depth": "4", "lr": "0.1"})
    text = printed(lambda to: versions.show(to, "fraud-detector", left, right))
    assert [line.split() for line in text.splitlines()] == [
        ["fraud-detector", "v6", "v7", "CHANGE"],
        ["-", "stage", "Production", "Staging", "-"],
        ["metric", "auc", "0.9", "0.93", "+0.03"],
        ["metric", "loss", "0.5", "-", "-"],
        ["param", "depth", "3", "4", "-"],
        ["tag", "a", "1", "-", "-"],
        ["1", "param", "is", "the", "same"],
        ["1", "tag", "is", "the", "same"],
    ]


def test_a_metric_of_a_logged_model_is_the_latest_for_each_dataset() -> None:
    """Beside that of the run, which it does not hide."""
    logged = [
        LoggedMetric("auc", 0.8, (1, 0), "r", "holdout"),
        LoggedMetric("auc", 0.9, (2, 0), "r", "holdout"),
        LoggedMetric("auc", 0.7, (2, 0), "r", "abroad"),
    ]
    assert versions.measured({"auc": 0.95}, logged) == {"auc": 0.95, "auc (holdout)": 0.9, "auc (abroad)": 0.7}


PAIRS: dict[str, tuple[Object, list[str], tuple[str, str]]] = {
    "the holder and the wish": (claim(), [], ("6", "7")),
    "who held it before, once the wish holds it": (claim(currentVersion="7", previousVersion="5"), [], ("5", "7")),
    "the holder and the one named": (claim(), ["8"], ("6", "8")),
    "two that are named": (claim(), ["1", "2"], ("1", "2")),
}


@pytest.mark.parametrize("case", PAIRS)
def test_what_is_compared(case: str) -> None:
    """Without words, what a reviewer wants to see."""
    obj, named, expected = PAIRS[case]
    assert pair(ModelPromotion.parse(obj), named) == expected


def test_what_cannot_be_compared_is_said() -> None:
    """Three versions, one that nobody held before, one that is not registered."""
    with pytest.raises(Stop, match="name two, one or none") as many:
        pair(ModelPromotion.parse(claim()), ["1", "2", "3"])
    with pytest.raises(Stop, match="name two versions"):
        pair(ModelPromotion.parse(claim(currentVersion="7")), [])
    with pytest.raises(Stop, match="version 9 of fraud-detector is not registered, the newest is 7"):
        find(REGISTERED, "9")
    assert many.value.code == USAGE


CLAIM = f"apiVersion: {API_VERSION}\nkind: ModelPromotion\nmetadata: {{name: fraud}}\nspec: {{version: 7}}\n"


def test_the_claims_of_a_file_are_found_in_documents_and_lists() -> None:
    """Others are not planned; a claim that names no namespace is in the one of the command."""
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
    listed = "apiVersion: v1\nkind: List\nitems:\n- " + CLAIM.replace("\n", "\n  ")
    found = files.claims(f"{other}---\n{CLAIM}---\n{listed}", "team-a")
    assert [obj["metadata"] for obj in found] == [{"namespace": "team-a", "name": "fraud"}] * 2
    for bad, why in (
        ("a: [", "no YAML"),
        (other, "no ModelPromotion"),
        (CLAIM.replace("name: fraud", ""), "with a name"),
    ):
        with pytest.raises(Stop, match=why) as stop:
            files.claims(bad, "team-a")
        assert stop.value.code == USAGE


def planned(obj: Object, *, auc: float | None = None, refused: str = "", **snapshot: Any) -> Forecast:
    """The forecast of a claim, where val_auc of version 7 is known."""
    parsed = ModelPromotion.parse(obj)
    registered = replace(REGISTERED, **snapshot)
    measured = {} if auc is None else {Need(Origin.of(SEVEN), "val_auc"): Measured(run=auc)}
    facts = Facts(parsed, registered, NOW, Evidence(measured=measured, approvers_checked=True))
    decision = decide(parsed, registered, NOW, facts.evidence)
    return forecast.of(facts, decision, "6", refused, ())


def wished(**spec: Any) -> Object:
    """A claim on version 7 of which nothing was seen yet."""
    obj = claim()
    annotations = {"mlflow.talentflow.ai/requested-by": "alice"}
    return {
        **obj,
        "metadata": {**obj["metadata"], "annotations": annotations},
        "spec": obj["spec"] | spec,
        "status": {},
    }


def test_a_plan_says_what_would_move_and_who_would_be_archived() -> None:
    """By the operator's own rules: moves, aliases, tags of the spec."""
    found = planned(wished(target={"stage": "Production", "mirrorAlias": "champion"}, tags={"release": "r1"}))
    assert (found.good, found.verdict) == (True, "would be promoted")
    assert found.writes == (
        "version 7: Staging to Production",
        "version 6: Production to Archived",
        "alias champion: 6 to 7",
        "tag of version 7: release=r1",
    )


def test_a_gate_that_fails_is_said_with_what_was_found() -> None:
    """Found, expected, and that it would not be promoted."""
    found = planned(wished(gates={"metrics": [AUC]}), auc=0.8)
    (gate,) = found.data()["gates"]
    assert (found.good, found.verdict, found.reason) == (False, "would not be promoted", "GateFailed")
    assert (gate["result"], gate["observed"], gate["expected"]) == ("Failed", "0.8", ">= 0.9")
    assert planned(wished(gates={"metrics": [AUC]}), auc=0.93).good


ASKED: dict[str, Object] = {
    "people": {"approval": {}},
    "a window": {"windows": {"allow": [{"cron": "0 3 * * *", "duration": "1h"}]}},
}


@pytest.mark.parametrize("case", ASKED)
def test_what_a_plan_does_not_ask_does_not_fail_it(case: str) -> None:
    """It would be promoted once that is passed; the gate says that it was not asked."""
    found = planned(wished(gates={"metrics": [AUC], **ASKED[case]}), auc=0.93)
    assert (found.good, found.verdict) == (True, "would be promoted, once what is not asked here is passed")
    assert [gate["result"] for gate in found.data()["gates"]] == ["Passed", "NotAsked"]
    bad = planned(wished(gates={"metrics": [AUC], **ASKED[case]}), auc=0.8)
    assert (bad.good, bad.verdict) == (False, "would not be promoted")


def test_a_version_that_is_not_registered_would_not_be_promoted() -> None:
    """Nothing would be written."""
    found = planned(wished(), versions={"6": SIX})
    assert (found.good, found.reason, found.writes) == (False, "VersionNotFound", ())


def test_what_the_api_server_refuses_is_said_as_it_says_it() -> None:
    """The gates are told all the same: somebody else may apply it."""
    found = planned(wished(gates={"metrics": [AUC]}), auc=0.93, refused="user ci needs the verb promote")
    assert (found.good, found.verdict) == (False, "would be refused")
    text = printed(lambda to: report.show(to, [found]))
    assert "  refused   user ci needs the verb promote" in text
    assert "Passed" in text


def test_markdown_is_a_table_in_which_nothing_of_others_is_markup() -> None:
    """A name of a gate cannot break the table, call anybody or hide a line."""
    gate = {"name": "auc", "metric": "val_auc", "min": 0.9}
    found = planned(wished(gates={"metrics": [gate]}), auc=0.8)
    evil = replace(found, message="x | y\n# @everyone [a](b) <img>")
    text = report.markdown([evil])
    assert text.startswith("### `team-a/fraud`: would not be promoted\n\n* **version**: 7 instead of 6\n")
    assert "| auc | Metric | spec | Failed | 0.8 | >= 0.9 |" in text
    assert "* **found**: GateFailed: x \\| y \\# &#64;everyone \\[a\\](b) \\<img>" in text


def test_another_claim_on_the_same_slot_of_the_same_registry_is_seen() -> None:
    """By whichever server it reaches it; one of another model or another registry is none."""
    mine = claim()
    mine["metadata"]["creationTimestamp"] = "2026-03-02T00:00:00Z"
    older: Object = {
        **mine,
        "metadata": {**mine["metadata"], "name": "older", "uid": "u-0", "creationTimestamp": "2026-03-01T00:00:00Z"},
        "spec": {**mine["spec"], "serverRef": {"name": "again"}},
    }
    same, elsewhere = server(name="again"), server(name="again", external={"url": "http://other.example.com"})
    found = rival(mine, [mine, older], Directory([server(), same]))
    assert found is not None
    assert found.name == "older"
    assert rival(mine, [older], Directory([server(), elsewhere])) is None
    other = {**older, "spec": {**older["spec"], "model": "churn"}}
    assert rival(mine, [other], Directory([server(), same])) is None
