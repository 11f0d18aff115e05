"""What users read of a server, from what a pass observed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerStatus
from mlflow_operator.api.server.upgrade import Migration
from mlflow_operator.errors import RegistryUnavailable, Terminal, Waiting
from mlflow_operator.status.conditions import Answer
from mlflow_operator.status.preparation import Part, Preparation
from mlflow_operator.status.rollout import Rollout
from mlflow_operator.status.seen import Probe, Seen
from mlflow_operator.status.server import compute
from mlflow_operator.status.waits import Cause

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SPEC: dict[str, Any] = {"replicas": 2, "backendStore": {"managed": {}}, "artifactStore": {"managed": {}}}
EXTERNAL: dict[str, Any] = {"external": {"url": "http://elsewhere"}}

GOOD = Preparation.of(
    Part(True, "Migrated", "logged in", revision="abc"), Part(True, "Created", "wrote, read and deleted an object")
)
DONE = Rollout(complete=True, stuck=False, replicas=2, ready=2, version="3.17.2")
MOVING = Rollout(complete=False, stuck=False, replicas=3, ready=1, version="3.17.2")
ANSWERS = Probe(True, "Answered", "the API answered")
SILENT = Probe(False, "NoAnswer", "connection refused")

PREPARING = Seen(url="http://mlflow.team.svc:5000", selector="a=b")
ROLLING = Seen(prepared=True, preparation=GOOD, rollout=MOVING)
OPEN = Answer("False", "NoLogin", "nothing asks for a login")
FIT = Answer("True", "Fit", "9 of 97")
READY = Seen(prepared=True, preparation=GOOD, rollout=DONE, api=ANSWERS, protection=OPEN, connections=FIT)


def server(
    spec: dict[str, Any] | None = None, status: MLflowServerStatus | None = None, generation: int = 1
) -> MLflowServer:
    """A server with what was observed so far."""
    metadata = {"name": "mlflow", "namespace": "team", "uid": "1", "generation": generation}
    made = MLflowServer.parse({"metadata": metadata, "spec": SPEC | (spec or {}) if spec != EXTERNAL else EXTERNAL})
    return made.model_copy(update={"status": status}) if status else made


def words(status: MLflowServerStatus) -> dict[str, tuple[str, str]]:
    """Status and reason of every condition."""
    return {c.type: (c.status, c.reason) for c in status.conditions}


def test_a_settling_server_is_written_once_for_each_thing_that_it_reaches() -> None:
    """Preparing, RollingOut, the first pod that answers, Ready; what pods do in between changes nothing."""
    passes = [
        PREPARING,
        Seen(rollout=None),
        ROLLING,
        Seen(prepared=True, rollout=Rollout(False, False, 1, 0, "3.17.2"), api=SILENT),
        Seen(prepared=True, rollout=MOVING, api=ANSWERS),
        READY,
        Seen(prepared=True, rollout=DONE, api=ANSWERS),
    ]
    reasons = []
    status = MLflowServerStatus()
    for number, seen in enumerate(passes):
        new = compute(server(status=status), seen, None, NOW + timedelta(minutes=number))
        if new != status:
            reasons.append(words(new)["Ready"][1])
        status = new
    assert reasons == ["Preparing", "RollingOut", "RollingOut", "Ready"]
    assert (status.replicas, status.ready_replicas, status.version, status.schema_revision) == (2, 2, "3.17.2", "abc")
    assert (status.url, status.selector) == ("http://mlflow.team.svc:5000", "a=b")


def test_a_ready_server_says_what_was_tried() -> None:
    """What it is for works, and neither Reconciling nor Stalled exists; an open door is told, and holds up nothing."""
    status = compute(server(), READY, None, NOW)
    assert words(status) == {
        "Ready": ("True", "Ready"),
        "DatabaseReady": ("True", "LoggedIn"),
        "SchemaReady": ("True", "UpToDate"),
        "ArtifactStoreReady": ("True", "Writable"),
        "ServerReady": ("True", "Answered"),
        "Secured": ("False", "NoLogin"),
        "ConnectionsFit": ("True", "Fit"),
    }
    assert {c.observed_generation for c in status.conditions} == {1}
    assert {c.last_transition_time.microsecond for c in status.conditions} == {0}


@pytest.mark.parametrize(
    ("database", "database_ready", "schema_ready"),
    [
        (Part(False, "LoginRefused", "m", terminal=True), ("False", "LoginRefused"), ("Unknown", "LoginRefused")),
        (Part(False, "DatabaseUnreachable", "m"), ("False", "DatabaseUnreachable"), ("Unknown", "DatabaseUnreachable")),
        (
            Part(False, "DatabaseNewer", "m", terminal=True, revision="z", phase="plan"),
            ("True", "LoggedIn"),
            ("False", "DatabaseNewer"),
        ),
        (Part(False, "MigrationFailed", "m", phase="migrate"), ("True", "LoggedIn"), ("False", "MigrationFailed")),
        (Part(False, "InternalError", "m"), ("Unknown", "InternalError"), ("Unknown", "InternalError")),
    ],
    ids=lambda case: case.reason if isinstance(case, Part) else None,
)
def test_a_failed_preparation_names_the_layer_that_failed(
    database: Part, database_ready: tuple[str, str], schema_ready: tuple[str, str]
) -> None:
    """A login that worked stays true when the schema is wrong; only what a user must cure is Stalled."""
    report = Preparation.of(database, GOOD.artifacts)
    status = compute(server(), Seen(preparation=report), None, NOW)
    found = words(status)
    assert (found["DatabaseReady"], found["SchemaReady"]) == (database_ready, schema_ready)
    assert found["ArtifactStoreReady"][0] == "True"
    assert found["Ready"] == ("False", database.reason)
    assert ("Stalled" in found, "Reconciling" in found) == (database.terminal, not database.terminal)


def test_a_failed_artifact_store_is_told_when_the_database_is_fine() -> None:
    """The first part that failed is the reason."""
    report = Preparation.of(GOOD.database, Part(False, "BucketMissing", "there is no bucket", terminal=True))
    found = words(compute(server(), Seen(preparation=report), None, NOW))
    assert found["Ready"] == ("False", "BucketMissing")
    assert found["ArtifactStoreReady"] == ("False", "BucketMissing")
    assert found["DatabaseReady"][0] == "True"


def test_logins_that_cannot_be_made_are_told_when_the_stores_are_fine() -> None:
    """Whoever wrote a password that is too short is told so, and no server starts without the administrator."""
    bad = Part(False, "SecretNotUsable", "the password of user ann is too short", terminal=True, name="logins")
    found = words(compute(server(), Seen(preparation=Preparation((*GOOD.parts, bad))), None, NOW))
    assert found["Ready"] == ("False", "SecretNotUsable")
    assert found["Stalled"][0] == "True"
    assert (found["DatabaseReady"][0], found["ArtifactStoreReady"][0]) == ("True", "True")


def test_a_preparation_without_a_report_shows_the_end_of_its_log() -> None:
    """Such as an image without MLflow."""
    status = compute(server(), Seen(preparation=Preparation.broken("No module named\n 'mlflow'")), None, NOW)
    assert words(status)["Ready"] == ("False", "PreparationFailed")
    assert "No module named 'mlflow'" in next(c.message for c in status.conditions if c.type == "Ready")


def test_a_failed_upgrade_leaves_the_running_server_ready_to_serve() -> None:
    """The server is not Ready as its spec says, but ServerReady and the facts of the running release stay."""
    before = compute(server(), READY, None, NOW)
    newer = Preparation.of(Part(False, "DatabaseNewer", "m", terminal=True, phase="plan"), GOOD.artifacts)
    seen = Seen(preparation=newer, rollout=DONE, api=ANSWERS)
    status = compute(server({"version": "3.16.1"}, before, generation=2), seen, None, NOW)
    assert words(status)["Stalled"] == ("True", "DatabaseNewer")
    assert words(status)["ServerReady"] == ("True", "Answered")
    assert (status.version, status.observed_generation) == ("3.17.2", 2)


def test_a_failed_look_keeps_the_last_known_facts() -> None:
    """Nothing is reported as gone because it could not be looked at; those conditions keep their generation."""
    before = compute(server(), READY, None, NOW)
    later = NOW + timedelta(hours=1)
    status = compute(server(status=before, generation=2), Seen(), RegistryUnavailable("NoAnswer", "m"), later)
    assert words(status)["Ready"] == ("Unknown", "NoAnswer")
    details = [c for c in status.conditions if c.type not in ("Ready", "Reconciling", "ServerReady")]
    assert details == [c for c in before.conditions if c.type not in ("Ready", "ServerReady")]
    assert (status.replicas, status.version) == (2, "3.17.2")


@pytest.mark.parametrize(
    ("outcome", "reason", "other"),
    [
        (Terminal("UnsupportedVersion", "m"), "UnsupportedVersion", "Stalled"),
        (Waiting("SecretMissing", "m"), "SecretMissing", "Reconciling"),
        (ZeroDivisionError("secret"), "InternalError", "Reconciling"),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, Exception) else None,
)
def test_how_a_pass_ended(outcome: Exception, reason: str, other: str) -> None:
    """The table of outcomes; what was never tried is Unknown."""
    status = compute(server(), Seen(), outcome, NOW)
    found = words(status)
    summary = {k: v for k, v in found.items() if k in ("Ready", "Reconciling", "Stalled")}
    assert summary == {"Ready": ("False", reason), other: ("True", reason)}
    assert found["DatabaseReady"] == ("Unknown", "NotTried")
    assert "secret" not in str(status)


def test_a_transition_time_moves_with_the_status_only() -> None:
    """Another reason or generation does not move it."""
    first = compute(server(), PREPARING, None, NOW)
    second = compute(server(status=first, generation=2), ROLLING, None, NOW + timedelta(hours=1))
    times = [next(c.last_transition_time for c in s.conditions if c.type == "Ready") for s in (first, second)]
    assert times[0] == times[1] == NOW.replace(microsecond=0)
    ready = compute(server(status=second, generation=2), READY, None, NOW + timedelta(hours=2))
    moved = next(c.last_transition_time for c in ready.conditions if c.type == "Ready")
    assert moved == NOW.replace(microsecond=0) + timedelta(hours=2)


def test_a_server_that_stops_answering_is_not_ready_and_recovers() -> None:
    """ServerReady and Ready follow the probe."""
    before = compute(server(), READY, None, NOW)
    silent = Seen(prepared=True, rollout=DONE, api=SILENT)
    down = compute(server(status=before), silent, None, NOW)
    assert words(down)["ServerReady"] == ("False", "NoAnswer")
    assert words(down)["Ready"] == ("False", "NoAnswer")
    up = compute(server(status=down), Seen(prepared=True, rollout=DONE, api=ANSWERS), None, NOW)
    assert words(up)["Ready"] == ("True", "Ready")


def test_a_pass_that_tries_less_says_the_same() -> None:
    """A true condition keeps the words of what was tried last."""
    tried = Seen(
        prepared=True, preparation=GOOD, rollout=DONE, api=ANSWERS, artifacts=Probe(True, "Writable", "through")
    )
    before = compute(server(), replace(tried, protection=OPEN, connections=FIT), None, NOW)
    assert compute(server(status=before), READY, None, NOW + timedelta(hours=1)) == before


def test_a_rolling_update_does_not_deny_a_server_that_answers() -> None:
    """ServerReady stays True while pods are exchanged, as long as it really answers."""
    before = compute(server(), READY, None, NOW)
    rolling = compute(server(status=before), Seen(prepared=True, rollout=MOVING, api=ANSWERS), None, NOW)
    assert words(rolling)["ServerReady"] == ("True", "Answered")
    assert (rolling.replicas, rolling.ready_replicas) == (2, 2)
    gone = compute(server(status=rolling), Seen(prepared=True, rollout=MOVING, api=SILENT), None, NOW)
    assert words(gone)["ServerReady"] == ("Unknown", "RollingOut")


@pytest.mark.parametrize(("seconds", "reason"), [(5, "RollingOut"), (60, "NoAnswer")])
def test_a_ready_pod_is_given_a_moment_to_be_found(seconds: int, reason: str) -> None:
    """Pods are ready before the Service leads to them: that is part of the rollout, and of it only."""
    before = compute(server(), ROLLING, None, NOW)
    found = replace(DONE, available_since=NOW - timedelta(seconds=seconds))
    after = compute(server(status=before), Seen(prepared=True, preparation=GOOD, rollout=found, api=SILENT), None, NOW)
    assert words(after)["Ready"][1] == reason
    assert (after == before) is (reason == "RollingOut")


def test_what_only_a_user_can_mend_is_told_at_once() -> None:
    """No patience with a server that was found and says no."""
    found = replace(DONE, available_since=NOW - timedelta(seconds=5))
    refused = Probe(False, "AccessDenied", "the server answered 401", terminal=True)
    after = compute(server(), Seen(prepared=True, preparation=GOOD, rollout=found, api=refused), None, NOW)
    assert (words(after)["Ready"], words(after)["Stalled"]) == (("False", "AccessDenied"), ("True", "AccessDenied"))


def test_somebody_elses_annotation_on_the_deployment_does_not_deny_a_ready_server() -> None:
    """Until the Deployment's controller has seen it, nobody knows that nothing happens to the pods."""
    before = compute(server(), READY, None, NOW)
    unobserved = replace(DONE, complete=False, observed=False)
    after = compute(server(status=before), Seen(prepared=True, rollout=unobserved, api=ANSWERS), None, NOW)
    assert words(after)["Ready"] == ("True", "Ready")


def test_a_server_without_a_ready_pod_does_not_serve() -> None:
    """All pods gone: nobody is asked, and ServerReady does not keep what was true before."""
    before = compute(server(), READY, None, NOW)
    gone = Rollout(complete=False, stuck=False, replicas=2, ready=0, version="3.17.2")
    after = compute(server(status=before), Seen(prepared=True, rollout=gone), None, NOW)
    assert words(after)["ServerReady"] == ("Unknown", "RollingOut")


@pytest.mark.parametrize(
    ("seen", "outcome", "expected"),
    [
        (READY, Terminal("ChildInvalid", "m"), ("True", "Answered")),
        (replace(READY, api=SILENT), Terminal("ChildInvalid", "m"), ("False", "NoAnswer")),
        (replace(ROLLING, api=ANSWERS), Terminal("ChildInvalid", "m"), ("True", "Answered")),
        (ROLLING, Terminal("ChildInvalid", "m"), ("Unknown", "RollingOut")),
        (Seen(), RegistryUnavailable("NoAnswer", "m"), ("Unknown", "NotAsked")),
        (Seen(), Waiting("SecretNotFound", "m"), ("Unknown", "NotAsked")),
        (Seen(), None, ("Unknown", "NotAsked")),
    ],
    ids=str,
)
def test_server_ready_says_what_was_found_now(seen: Seen, outcome: Exception | None, expected: tuple[str, str]) -> None:
    """Whatever else is wrong, and whatever was true before: promotions write to a server that this calls ready."""
    before = compute(server(), READY, None, NOW)
    assert words(compute(server(status=before), seen, outcome, NOW))["ServerReady"] == expected


def test_a_stuck_rollout_is_stalled() -> None:
    """After the Deployment's own deadline."""
    stuck = Rollout(complete=False, stuck=True, replicas=1, ready=0, version="3.17.2")
    assert words(compute(server(), Seen(prepared=True, rollout=stuck), None, NOW))["Stalled"][1] == "RolloutStuck"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"hibernate": True}, "Hibernating"), ({"suspend": True}, "Suspended"), ({"replicas": 0}, "ScaledToZero")],
    ids=str,
)
def test_a_server_that_was_sent_to_sleep(spec: dict[str, Any], reason: str) -> None:
    """Suspended says so; nothing claims that a server without pods answers."""
    before = compute(server(), READY, None, NOW)
    none = Rollout(complete=True, stuck=False, replicas=0, ready=0, version="3.17.2")
    found = words(compute(server(spec, before), Seen(prepared=True, rollout=none), None, NOW))
    assert found["Suspended"] == ("True", reason)
    assert found["ServerReady"] == ("False", "NoPods")


def test_an_external_server_has_no_stores_of_its_own() -> None:
    """Only what can be tried of it: that it answers."""
    status = compute(server(EXTERNAL), Seen(url="http://elsewhere", version="3.12.0", api=ANSWERS), None, NOW)
    assert words(status) == {"Ready": ("True", "Ready"), "ServerReady": ("True", "Answered")}
    assert (status.version, status.url, status.replicas) == ("3.12.0", "http://elsewhere", None)
    refused = Probe(False, "Unauthorized", "401", terminal=True)
    assert words(compute(server(EXTERNAL), Seen(api=refused), None, NOW))["Stalled"] == ("True", "Unauthorized")


def test_the_version_is_the_one_that_the_server_tells() -> None:
    """An own image may hold another release than the spec says; while pods are exchanged, the last one stays."""
    told = compute(server(), replace(READY, version="3.16.1"), None, NOW)
    assert told.version == "3.16.1"
    rolling = Seen(prepared=True, rollout=MOVING, api=ANSWERS, version="3.17.2")
    assert compute(server(status=told), rolling, None, NOW).version == "3.16.1"


def test_experiments_are_a_condition_where_there_are_any() -> None:
    """Unknown before the first try, and Ready only with them."""
    spec = {"experiments": [{"name": "fraud"}]}
    waiting = compute(server(spec), READY, None, NOW)
    assert (words(waiting)["ExperimentsReady"], words(waiting)["Ready"]) == (
        ("Unknown", "NotTried"),
        ("False", "NotTried"),
    )
    made = Seen(prepared=True, rollout=DONE, api=ANSWERS, experiments=Probe(True, "Ensured", "m"))
    assert words(compute(server(spec, waiting), made, None, NOW))["Ready"] == ("True", "Ready")


def test_a_server_whose_artifact_store_fails_is_not_ready() -> None:
    """That its API answers is not enough."""
    broken = Probe(False, "NotWritable", "the bucket is gone")
    after = compute(server(status=compute(server(), READY, None, NOW)), replace(READY, artifacts=broken), None, NOW)
    assert (words(after)["Ready"], words(after)["ServerReady"]) == (("False", "NotWritable"), ("True", "Answered"))


@pytest.mark.parametrize(
    ("status", "complete"),
    [
        ({"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, True),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}, False),
        ({"observedGeneration": 3, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 3}, False),
        ({"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}, False),
        ({"observedGeneration": 3, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 2}, False),
        ({}, False),
    ],
    ids=str,
)
def test_when_a_rollout_is_complete(status: dict[str, Any], complete: bool) -> None:
    """As kubectl rollout status has it: the controller has seen the spec, and no old pod is left."""
    deployment = {"metadata": {"generation": 3, "labels": {}}, "spec": {"replicas": 2}, "status": status}
    assert Rollout.of(deployment).complete is complete


CAUSE = Cause("server", "ImagePullFailed", "cannot be pulled", NOW - timedelta(seconds=30))
LATE = replace(CAUSE, since=NOW - timedelta(minutes=4))
REFUSED = Preparation.of(Part(False, "LoginRefused", "m", terminal=True), GOOD.artifacts)


@pytest.mark.parametrize(
    ("seen", "reason", "stalled"),
    [
        (replace(PREPARING, cause=CAUSE), "ImagePullFailed", False),
        (replace(PREPARING, cause=LATE), "ImagePullFailed", True),
        (replace(PREPARING, cause=replace(CAUSE, final=True)), "ImagePullFailed", True),
        (replace(PREPARING, cause=LATE, preparation=REFUSED), "LoginRefused", True),
        (replace(ROLLING, cause=CAUSE), "ImagePullFailed", False),
        (replace(ROLLING, cause=LATE, rollout=replace(MOVING, stuck=True)), "ImagePullFailed", True),
        (replace(READY, cause=CAUSE, api=SILENT), "ImagePullFailed", False),
        (replace(READY, cause=LATE), "Ready", False),
    ],
    ids=str,
)
def test_a_wait_says_for_what_and_ends(seen: Seen, reason: str, *, stalled: bool) -> None:
    """What keeps pods from running is the reason, unless the preparation or the server itself says it better."""
    found = words(compute(server(), seen, None, NOW))
    assert (found["Ready"][1], "Stalled" in found) == (reason, stalled)
    healed = compute(server(status=compute(server(), seen, None, NOW)), READY, None, NOW)
    assert words(healed)["Ready"] == ("True", "Ready")


@pytest.mark.parametrize(
    ("seen", "outcome", "warned"),
    [
        (ROLLING, Terminal("ChildInvalid", "m"), True),
        (replace(ROLLING, cause=CAUSE), None, True),
        (
            replace(ROLLING, prepared=False, preparation=Preparation.of(GOOD.database, REFUSED.artifacts), cause=CAUSE),
            None,
            True,
        ),
        (ROLLING, None, False),
        (replace(ROLLING, prepared=False, preparation=REFUSED), None, False),
        (replace(ROLLING, prepared=False, preparation=None), Terminal("ChildInvalid", "m"), False),
    ],
    ids=str,
)
def test_an_upgrade_that_is_stuck_behind_its_migration_says_what_that_means(
    seen: Seen, outcome: Exception | None, *, warned: bool
) -> None:
    """The pods of before run on a schema that they would not start on."""
    before = compute(server({"version": "3.16.1"}), READY, None, NOW).model_copy(update={"version": "3.16.1"})
    after = compute(server({"version": "3.17.2"}, before, generation=2), seen, outcome, NOW)
    message = next(c.message for c in after.conditions if c.type == "Ready")
    assert ("pods of 3.16.1 that end may not start again" in message) is warned


def test_what_was_prepared_is_remembered_until_another_preparation_begins() -> None:
    """A pass that cannot tell leaves it as it is."""
    done = compute(server(), replace(READY, stores="these"), None, NOW)
    assert done.prepared == "these"
    assert compute(server(status=done), Seen(), Terminal("ChildInvalid", "m"), NOW).prepared == "these"
    begins = compute(server(status=done), replace(PREPARING, stores="others"), None, NOW)
    assert begins.prepared is None


def test_claims_that_hold_data_are_remembered() -> None:
    """A pass that cannot tell leaves them as they are; what the spec does not ask for any more is forgotten."""
    made = compute(server(), replace(READY, volumes=["a", "b"]), None, NOW)
    assert made.volumes == ["a", "b"]
    assert compute(server(status=made), Seen(), None, NOW).volumes == ["a", "b"]
    assert compute(server(status=made), replace(READY, volumes=["b"]), None, NOW).volumes == ["b"]


@pytest.mark.parametrize(
    ("component", "outcome", "reason"),
    [
        ("prepare", Waiting("PredecessorRunning", "m"), "NodeLost"),
        ("server", Waiting("PredecessorRunning", "m"), "PredecessorRunning"),
        ("prepare", Waiting("SecretNotFound", "m"), "SecretNotFound"),
    ],
)
def test_a_preparation_that_cannot_end_is_not_waited_for_without_a_word(
    component: str, outcome: Waiting, reason: str
) -> None:
    """On a node that is lost, the node is told, and after three minutes it is stalled; else what is waited for."""
    cause = Cause(component, "NodeLost", "node7 does not answer", NOW - timedelta(minutes=4))
    status = compute(server(), replace(PREPARING, cause=cause), outcome, NOW)
    assert words(status)["Ready"] == ("False", reason)
    assert ("Stalled" in words(status)) is (reason == "NodeLost")


def test_a_migration_is_said_and_followed() -> None:
    """First what would be done, by the database's own words; then that it is under way; then nothing more of it."""
    plan = Part(None, "MigrationPlanned", "from a to b", revision="a", phase="plan", goal="b")
    migration = Migration(revision="a", to="b", stores="s")
    old = MLflowServerStatus(version="3.14.0", schema_revision="a")
    seen = Seen(preparation=Preparation.of(plan, GOOD.artifacts), rollout=DONE, migration=migration, plans=True)
    said = compute(server(status=old), seen, None, NOW)
    assert words(said)["Ready"] == ("False", "MigrationPlanned")
    assert (words(said)["DatabaseReady"][0], words(said)["SchemaReady"]) == ("True", ("False", "MigrationPlanned"))
    assert (said.migration, said.schema_revision, said.version) == (migration, "a", "3.17.2")
    under_way = compute(server(status=said), Seen(rollout=DONE, migration=migration, plans=True), None, NOW)
    assert words(under_way)["Ready"] == ("False", "Migrating")
    assert words(under_way)["SchemaReady"] == ("False", "MigrationPlanned")
    nobody_looked = compute(server(status=said), Seen(rollout=DONE), None, NOW)
    assert nobody_looked.migration == migration
    done = compute(server(status=under_way), replace(READY, plans=True, deployed=True), None, NOW)
    assert (words(done)["Ready"][1], done.migration, done.deployed_generation) == ("Ready", None, 1)


def test_who_waits_for_a_turn_is_ready_and_says_so() -> None:
    """What is otherwise wrong comes first, and what was prepared is not forgotten."""
    status = MLflowServerStatus(prepared="s", version="3.14.0", deployed_generation=1)
    waits = compute(server(status=status), Seen(rollout=DONE, api=ANSWERS, waits=True), None, NOW)
    assert words(waits)["Ready"] == ("True", "UpdateWaits")
    assert (waits.prepared, waits.deployed_generation) == ("s", 1)
    silent = compute(server(status=status), Seen(rollout=DONE, api=SILENT, waits=True), None, NOW)
    assert words(silent)["Ready"] == ("False", "NoAnswer")
    assert "the database is that of" not in silent.conditions[0].message
