"""What a server consists of, on a real API server with its real controllers, under the chart's role."""

import base64
import json
import time
from collections import Counter

import pytest

from cluster.host import waiting
from cluster.plane.audit import AuditLog
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason, is_ready
from integration.server.steps import (
    MANAGED,
    QUIET_SECONDS,
    SQLITE,
    children,
    patch,
    serve,
    template,
    uids,
    until_children,
)

pytestmark = pytest.mark.integration


def test_apply_makes_a_server_and_says_that_it_is_ready(team: Team) -> None:
    """All that was tried is true, the columns are filled, and the facts are those of the preparation and the pods."""
    server = serve(team, experiments=[{"name": f"{team.namespace}-scoring"}])
    tried = ("Ready", "DatabaseReady", "SchemaReady", "ArtifactStoreReady", "ServerReady", "ExperimentsReady")
    expected = {**dict.fromkeys(tried, "True"), "Secured": "False"}  # nothing asks for a login
    assert {c["type"]: c["status"] for c in server["status"]["conditions"]} == expected
    url = f"http://mlflow.{team.namespace}.svc.cluster.local:5000"
    shown = team.plane.kubectl("get", "mls", "mlflow", "-n", team.namespace, "--no-headers").split()
    assert shown[:5] == ["mlflow", "3.17.2", "True", "1", url]
    assert server["status"]["schemaRevision"] == "0123456789ab"


@pytest.mark.parametrize(("spec", "number"), [(SQLITE, 6), (MANAGED, 12)], ids=["sqlite", "managed"])
def test_a_settling_server_costs_one_write_per_child(team: Team, audit: AuditLog, spec: Object, number: int) -> None:
    """Each child is written once, the status at most three times, and each transition is one Event."""
    mark = audit.mark()
    serve(team, spec)
    time.sleep(QUIET_SECONDS)
    writes = audit.writes(mark, USER, team.namespace)
    statuses, events = writes.pop(("patch", "mlflowservers/status")), writes.pop(("create", "events"))
    assert statuses <= 3
    about_it = [e["reason"] for e in team.events("mlflow") if e["regarding"]["kind"] == "MLflowServer"]
    assert about_it == ["Preparing", "RollingOut", "Ready"][-events:]
    assert writes.total() == number == len(children(team))


def test_an_annotation_that_changes_nothing_costs_no_write(team: Team, audit: AuditLog) -> None:
    """Neither on the server nor on its children."""
    serve(team)
    mark = audit.mark()
    for what in ("mlflowserver", "deployment", "service"):
        team.plane.kubectl("annotate", what, "mlflow", "-n", team.namespace, "somebody.else/was-here=yes")
    time.sleep(QUIET_SECONDS)
    assert audit.writes(mark, USER, team.namespace) == Counter()
    assert team.get("deployment", "mlflow")["metadata"]["annotations"]["somebody.else/was-here"] == "yes"


@pytest.mark.parametrize("kind", ["service", "deployment", "serviceaccount"])
def test_a_deleted_child_comes_back(team: Team, kind: str) -> None:
    """As it was, without anybody's help."""
    serve(team)
    name = "mlflow"
    before = team.get(kind, name)
    team.plane.kubectl("delete", kind, name, "-n", team.namespace, "--wait=false")
    until_children(
        team,
        lambda found: any(
            o["metadata"]["name"] == name
            and o["kind"] == before["kind"]
            and o["metadata"]["uid"] != before["metadata"]["uid"]
            for o in found.values()
        ),
        f"{kind} {name} to come back",
    )
    team.ready("mlflowserver", "mlflow")


def test_an_edited_field_is_put_back_and_an_added_one_stays(team: Team) -> None:
    """What the operator wants is as it wants it; what it does not speak of belongs to others, also after an update."""
    serve(team)
    sidecar = {"name": "proxy", "image": "proxy:1"}
    added = {"containers": [{"name": "mlflow", "env": [{"name": "ADDED", "value": "1"}]}, sidecar]}
    patch(team, "deployment/mlflow", {"spec": {"template": {"spec": added}}})
    patch(
        team, "service/mlflow", {"spec": {"ports": [{"port": 5000, "targetPort": 9999}], "sessionAffinity": "ClientIP"}}
    )
    until_children(team, lambda c: c["Service/mlflow"]["spec"]["ports"][0]["targetPort"] == "http", "the port")
    serve(team, workers=3)
    containers = {c["name"]: c for c in template(team)["spec"]["containers"]}
    env = {e["name"]: e.get("value") for e in containers["mlflow"]["env"]}
    assert (env["MLFLOW_WORKERS"], env["ADDED"], containers["proxy"]["image"]) == ("3", "1", "proxy:1")
    assert team.get("service", "mlflow")["spec"]["sessionAffinity"] == "ClientIP"


def test_what_is_not_wanted_any_more_goes(team: Team) -> None:
    """Another identity, another database: the operator's own go, and what holds data or opens it stays."""
    serve(team, MANAGED)
    team.plane.kubectl("create", "serviceaccount", "ours", "-n", team.namespace)
    serve(team, {**SQLITE, "serviceAccount": {"name": "ours"}})
    gone = {"ServiceAccount/mlflow", "StatefulSet/mlflow-postgres", "Service/mlflow-postgres"}
    until_children(team, lambda found: not gone & set(found), "what is not wanted to go")
    kept = {"PersistentVolumeClaim/mlflow-postgres", "Secret/mlflow-postgres", "Secret/mlflow-object-store"}
    assert kept <= set(children(team))
    assert template(team)["spec"]["serviceAccountName"] == "ours"


def test_hibernation_keeps_everything_but_the_pods(team: Team) -> None:
    """Server and stores go to zero, and come back to the number that they had."""
    serve(team, MANAGED, replicas=2)
    kept = {n: u for n, u in uids(children(team)).items() if not n.startswith("Job/")}
    team.apply("MLflowServer", "mlflow", {**MANAGED, "replicas": 2, "hibernate": True})
    asleep = team.until("mlflowserver", "mlflow", has_reason("Hibernating"))
    assert condition(asleep, "Suspended")["status"] == "True"
    replicas = {n: o["spec"]["replicas"] for n, o in children(team).items() if n.startswith(("Depl", "State"))}
    assert set(replicas.values()) == {0}
    assert len(replicas) == 3
    assert serve(team, MANAGED, replicas=2, hibernate=False)["status"]["readyReplicas"] == 2
    assert kept.items() <= uids(children(team)).items()


def test_deletion_takes_everything_but_data_and_what_opens_it(team: Team) -> None:
    """Volumes and generated passwords stay, and a server of the same name finds them again."""
    serve(team, MANAGED)
    kept = {n: u for n, u in uids(children(team)).items() if n.startswith(("Persistent", "Secret"))}
    assert len(kept) == 4
    team.delete("mlflowserver", "mlflow")
    until_children(team, lambda found: uids(found) == kept, "what is owned to go")
    serve(team, MANAGED)
    assert kept.items() <= uids(children(team)).items()


def test_kubectl_scale_works(team: Team) -> None:
    """The scale subresource changes the Deployment, and shows what came of it to an autoscaler."""
    serve(team, MANAGED)
    team.plane.kubectl("scale", "mls", "mlflow", "--replicas=3", "-n", team.namespace)
    scaled = team.until("mlflowserver", "mlflow", lambda o: is_ready(o) and o["status"]["replicas"] == 3)
    assert team.get("deployment", "mlflow")["spec"]["replicas"] == 3
    pods = team.plane.kubectl("get", "pods", "-n", team.namespace, "-l", scaled["status"]["selector"], "-o", "name")
    assert len(pods.split()) == 3


def test_experiments_of_the_spec_exist_in_mlflow(team: Team, registry: Registry) -> None:
    """They are made with their tags; one that somebody deleted is restored; none is ever deleted."""
    name = f"{team.namespace}-scoring"
    team.external_server(registry.url, experiments=[{"name": name, "tags": {"purpose": "fit"}}])
    made = registry.experiment(name)
    assert {"key": "purpose", "value": "fit"} in made["tags"]
    registry.delete_experiment(name)
    waiting.until(
        lambda: registry.experiment(name)["lifecycle_stage"] == "active", what="the experiment to return", seconds=15
    )
    team.external_server(registry.url, experiments=[])
    assert registry.experiment(name)["experiment_id"] == made["experiment_id"]


def test_no_password_is_written_where_it_can_be_read(team: Team, operator: OperatorProcess) -> None:
    """Generated passwords are in their Secrets only: in no log line, Event, status or other object, nor in any pod."""
    serve(team, MANAGED)
    passwords = [
        base64.b64decode(o["data"]["password"]).decode() for o in children(team).values() if o["kind"] == "Secret"
    ]
    assert len(set(passwords)) == 2
    everything = "mlflowservers,events,pods,replicasets,controllerrevisions,configmaps"
    texts = [json.dumps(o) for o in children(team).values() if o["kind"] != "Secret"]
    texts.append(team.plane.kubectl("get", everything, "-n", team.namespace, "-o", "json", "--show-managed-fields"))
    texts.append(operator.process.log.read_text())
    encoded = [base64.b64encode(p.encode()).decode() for p in passwords]
    assert [text[:80] for text in texts if any(word in text for word in (*passwords, *encoded))] == []
