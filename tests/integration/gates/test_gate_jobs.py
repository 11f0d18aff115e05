"""Jobs of gates on a real API server: its admission takes the pod, the Job controller makes it, and its end decides.

No container runs: a node on paper ends each pod with the report that a test asks for.
"""

import json
import time
from collections.abc import Iterator

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.plane.paper_node import Ending, PaperNode
from cluster.services.mlflow_server import MlflowServer
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason

pytestmark = pytest.mark.integration

CONTAINER = {"name": "validate", "image": "registry.example/validate:1", "command": ["validate"]}
FAIRNESS = {"name": "fairness", "template": {"spec": {"containers": [CONTAINER]}}}
JOBS = {"jobs": [FAIRNESS]}
PASSED = Ending({"passed": True, "metrics": {"gap": 0.02}, "message": "fair enough"})
FAILED = Ending({"passed": False, "message": "the gap is 0.3"}, 3)


@pytest.fixture(scope="module")
def paper_node(installed: ControlPlane, mlflow_server: MlflowServer) -> Iterator[PaperNode]:
    """The node of the Jobs' pods."""
    found = PaperNode(installed, mlflow_server.url)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def team_(served: Team, paper_node: PaperNode) -> Team:
    """A team in a namespace that takes restricted pods only, whose pods are passed."""
    strict = "pod-security.kubernetes.io/enforce=restricted"
    served.plane.kubectl("label", "namespace", served.namespace, strict)
    paper_node.endings[served.namespace] = PASSED
    return served


def jobs(team: Team) -> list[Object]:
    """The Jobs of the team that nobody has deleted."""
    items = json.loads(team.plane.kubectl("get", "jobs", "-n", team.namespace, "-o", "json"))["items"]
    return [job for job in items if "deletionTimestamp" not in job["metadata"]]


def until_jobs(team: Team, count: int) -> list[Object]:
    """Wait until there are so many."""
    waiting.until(lambda: len(jobs(team)) == count, what=f"{count} Jobs", seconds=30, pause=0.2)
    return jobs(team)


def gate(obj: Object, name: str = "fairness") -> Object:
    """What came out of a gate."""
    return next(g for g in obj["status"]["gates"] if g["name"] == name)


def made(team: Team, mark: int) -> int:
    """How many Jobs the operator has created since."""
    counted: int = team.plane.audit.writes(mark, USER, team.namespace)["create", "jobs"]  # type: ignore[attr-defined]
    return counted


def test_a_version_is_promoted_when_its_job_has_passed_it(
    team_: Team, paper_node: PaperNode, registry: Registry, model: str
) -> None:
    """The pod is admitted where only restricted ones are; it is told what it is about, and goes with the attempt."""
    mark = team_.plane.audit.mark()  # type: ignore[attr-defined]
    registry.move(model, "6", "Production")
    paper_node.held[team_.namespace] = "Running"
    gap = {"name": "gap", "metric": "gap", "max": 0.1, "source": "Job", "job": "fairness"}
    team_.promote("fraud", model, 7, gates={**JOBS, "metrics": [gap]})
    at_work = team_.until("modelpromotion", "fraud", lambda o: "is at work" in condition(o, "Ready").get("message", ""))
    assert condition(at_work, "Ready")["reason"] == "GatePending"
    (job,) = jobs(team_)
    told = {v["name"]: v.get("value") for v in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert (told["MODEL_URI"], told["BASELINE_URI"]) == (f"models:/{model}/7", f"models:/{model}/6")
    assert told["MLFLOW_TRACKING_URI"] == registry.url
    assert registry.holders(model, "Production") == ["6"]
    paper_node.let_go(team_.namespace)
    ready = team_.ready("modelpromotion", "fraud")
    assert (gate(ready)["result"], gate(ready)["job"]["metrics"]) == ("Passed", {"gap": 0.02})
    assert gate(ready, "gap")["observed"] == "0.02"
    assert registry.holders(model, "Production") == ["7"]
    until_jobs(team_, 0)
    assert team_.plane.audit.writes(mark, USER, team_.namespace)["delete", "jobs"] == 1  # type: ignore[attr-defined]


def test_a_version_that_is_not_passed_is_refused_in_the_words_of_the_job(
    team_: Team, paper_node: PaperNode, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """Its answer stands, whatever becomes of the Job and the operator; asked once more, there is another."""
    mark = team_.plane.audit.mark()  # type: ignore[attr-defined]
    paper_node.endings[team_.namespace] = FAILED
    team_.promote("fraud", model, 7, gates=JOBS)
    refused = team_.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert "ended with exit code 3: the gap is 0.3" in condition(refused, "Ready")["message"]
    assert "fairness Failed: exit code 3, expected passed" in refused["status"]["gateSummary"]
    (job,) = jobs(team_)
    team_.delete("job", job["metadata"]["name"])
    operator.kill()
    operator.start()
    time.sleep(3)
    again = team_.get("modelpromotion", "fraud")
    assert (again["metadata"]["resourceVersion"], made(team_, mark)) == (refused["metadata"]["resourceVersion"], 1)
    paper_node.endings[team_.namespace] = PASSED
    team_.plane.kubectl("annotate", "modelpromotion", "fraud", "-n", team_.namespace, "mlflow.talentflow.ai/reassert=1")
    team_.until("modelpromotion", "fraud", has_reason("Promoted"))
    assert (registry.holders(model, "Production"), made(team_, mark)) == (["7"], 2)


def test_killed_at_work_it_goes_on_with_the_same_job(
    team_: Team, paper_node: PaperNode, registry: Registry, model: str, operator: OperatorProcess
) -> None:
    """Nobody writes while it is waited for, and no second Job is made."""
    mark = team_.plane.audit.mark()  # type: ignore[attr-defined]
    paper_node.held[team_.namespace] = "Running"
    team_.promote("fraud", model, 7, gates=JOBS)
    waits = team_.until("modelpromotion", "fraud", lambda o: "is at work" in condition(o, "Ready").get("message", ""))
    for _ in range(3):
        operator.kill()
        operator.start()
        time.sleep(1)
    now = team_.get("modelpromotion", "fraud")
    assert now["metadata"]["resourceVersion"] == waits["metadata"]["resourceVersion"]
    paper_node.let_go(team_.namespace)
    team_.ready("modelpromotion", "fraud")
    assert (registry.holders(model, "Production"), made(team_, mark)) == (["7"], 1)


def test_another_version_stops_the_job_of_the_one_before(
    team_: Team, paper_node: PaperNode, registry: Registry, model: str
) -> None:
    """The Job of 7 goes with its pod, and that of 8 decides."""
    paper_node.held[team_.namespace] = "Running"
    team_.promote("fraud", model, 7, gates=JOBS)
    (first,) = until_jobs(team_, 1)
    team_.promote("fraud", model, 8, gates=JOBS)
    waiting.until(
        lambda: [j["metadata"]["uid"] != first["metadata"]["uid"] for j in jobs(team_)] == [True],
        what="the Job of 8 alone",
        seconds=30,
    )
    paper_node.let_go(team_.namespace)
    team_.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["8"]


def test_a_dry_run_holds_nobody_up_and_is_shown_when_it_ends(
    team_: Team, paper_node: PaperNode, registry: Registry, model: str
) -> None:
    """The version moves while the Job is at work; its result follows, and then it goes."""
    paper_node.endings[team_.namespace] = FAILED
    paper_node.held[team_.namespace] = "Running"
    team_.promote("fraud", model, 7, gates={"jobs": [FAIRNESS | {"mode": "DryRun"}]})
    assert gate(team_.ready("modelpromotion", "fraud"))["result"] == "Waiting"
    assert registry.holders(model, "Production") == ["7"]
    paper_node.let_go(team_.namespace)
    team_.until("modelpromotion", "fraud", lambda o: gate(o)["result"] == "Failed")
    until_jobs(team_, 0)
    assert condition(team_.get("modelpromotion", "fraud"), "Ready")["reason"] == "Promoted"


def test_nothing_is_started_for_a_version_that_is_refused_anyway(team_: Team, registry: Registry, model: str) -> None:
    """A tag is missing: no pod is paid for, until it is there."""
    mark = team_.plane.audit.mark()  # type: ignore[attr-defined]
    team_.promote("fraud", model, 7, gates=JOBS, requires={"tags": [{"key": "ok"}]})
    team_.until("modelpromotion", "fraud", has_reason("TagMissing"))
    time.sleep(2)
    assert made(team_, mark) == 0
    registry.tag(model, "7", "ok", "yes")
    team_.until("modelpromotion", "fraud", has_reason("Promoted"), seconds=60)


def test_a_quota_stalls_it_until_it_is_raised(team_: Team, registry: Registry, model: str) -> None:
    """The API server's words are passed on; nothing is written, and it goes on by itself."""
    hard = "--hard=count/jobs.batch=0"
    team_.plane.kubectl("create", "quota", "small", hard, "-n", team_.namespace)
    waiting.until(lambda: "used" in team_.status("resourcequota", "small"), what="the quota to be counted", seconds=30)
    team_.promote("fraud", model, 7, gates=JOBS)
    refused = team_.until("modelpromotion", "fraud", has_reason("JobRefused"))
    assert "exceeded quota: small" in condition(refused, "Ready")["message"]
    assert condition(refused, "Stalled")["status"] == "True"
    team_.delete("resourcequota", "small")
    team_.until("modelpromotion", "fraud", has_reason("Promoted"), seconds=90)


def test_a_template_that_is_none_is_said_to_be_so(team_: Team, model: str) -> None:
    """What the schema lets pass, and the API server does not take: a mount without its volume."""
    broken = CONTAINER | {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    team_.promote("fraud", model, 7, gates={"jobs": [FAIRNESS | {"template": {"spec": {"containers": [broken]}}}]})
    refused = team_.until("modelpromotion", "fraud", has_reason("JobInvalid"))
    assert 'volumeMounts[0].name: Not found: "data"' in condition(refused, "Ready")["message"]


def test_what_keeps_its_pod_from_coming_is_said(team_: Team, model: str) -> None:
    """A quota for pods: the Job is there, and the controller's words are in the message before it stalls."""
    team_.plane.kubectl("create", "quota", "none", "--hard=pods=0", "-n", team_.namespace)
    waiting.until(lambda: "used" in team_.status("resourcequota", "none"), what="the quota to be counted", seconds=30)
    team_.promote("fraud", model, 7, gates=JOBS)
    waits = team_.until(
        "modelpromotion",
        "fraud",
        lambda o: "pods of the validation are refused" in condition(o, "Ready").get("message", ""),
        seconds=60,
    )
    assert (condition(waits, "Ready")["reason"], gate(waits)["result"]) == ("GatePending", "Waiting")


def test_its_jobs_go_with_the_claim(team_: Team, paper_node: PaperNode, model: str) -> None:
    """There is no finalizer: the owner reference does it."""
    paper_node.held[team_.namespace] = "Running"
    team_.promote("fraud", model, 7, gates=JOBS)
    until_jobs(team_, 1)
    team_.delete("modelpromotion", "fraud")
    until_jobs(team_, 0)
