"""A server with HTTPS and logins on a real node: who gets in, and that clients that never pause lose no request.

Whatever happens to its pods, and though they never try again. What two files would share is one server, so it is one.
"""

import json
import time
import uuid
from collections.abc import Iterator

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.services.team import Object, Team, condition, is_ready
from e2e.client import ClientPod
from e2e.clients import Clients, Step
from e2e.secured.metrics import Metrics
from e2e.secured.people import CACHE_SECONDS, FIRST, SECOND, issue
from e2e.teams import give, pods, restarts

pytestmark = pytest.mark.e2e

SECONDS = 300.0
"""For pods to come or to go; an autoscaler that is not set to hurry waits so long before it takes any away."""
LITTLE, MUCH = "1m", "1000m"
_SHOWN = """
import hashlib, json, os, ssl, sys, socket
trust = ssl.create_default_context(cadata=os.environ["AUTHORITY"])
for host in sys.argv[1:]:
    with trust.wrap_socket(socket.create_connection((host, 5000), 20), server_hostname="mlflow") as connection:
        print(hashlib.sha256(connection.getpeercert(True)).hexdigest())
"""
_HOLDS = """
import json, os, ssl, sys, urllib.error, urllib.request
from base64 import b64encode
trust, password = ssl.create_default_context(cadata=os.environ["AUTHORITY"]), sys.stdin.read()
look = urllib.request.Request("https://mlflow:5000/api/2.0/mlflow/experiments/search?max_results=1")
look.add_header("Authorization", "Basic " + b64encode(f"trainer:{password}".encode()).decode())
try:
    print(urllib.request.urlopen(look, timeout=20, context=trust).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""
_TRIES = """
import http.client, json, os, ssl, sys
from base64 import b64encode
trust = ssl.create_default_context(cadata=os.environ["AUTHORITY"])
trust.check_hostname = False  # each pod by itself
def status(host, login):
    connection = http.client.HTTPSConnection(host, 5000, timeout=20, context=trust)
    shown = {"Authorization": "Basic " + b64encode(":".join(login).encode()).decode()} if login else {}
    connection.request("GET", "/api/2.0/mlflow/experiments/search?max_results=1", headers={"Host": "mlflow", **shown})
    return connection.getresponse().status
hosts, logins = json.load(sys.stdin)
print(json.dumps([[status(host, login) for login in logins] for host in hosts]))
"""

_REGISTER = """
import os, pathlib, sys
pathlib.Path("/tmp/authority").write_text(os.environ["AUTHORITY"])
os.environ |= {"HOME": "/tmp", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/tmp/authority"}
from mlflow import MlflowClient
client = MlflowClient("https://mlflow:5000")
client.create_registered_model(sys.argv[1])
run = client.create_run("0")
client.log_text(run.info.run_id, "a model", "model/MLmodel")
print(client.create_model_version(sys.argv[1], run.info.artifact_uri + "/model", run.info.run_id).version)
"""


def test_nobody_gets_in_without_the_right_login(team: Team, client: ClientPod) -> None:
    """Each pod by itself, and the Service: 401 for anonymous and for wrong ones, 200 for a user of the spec."""
    hosts = [*(pod["status"]["podIP"] for pod in pods(team)), "mlflow"]
    assert len(hosts) == 3
    logins = [None, ["admin", "password1234"], ["trainer", SECOND], ["trainer", FIRST]]
    found = json.loads(client.python(_TRIES, text=json.dumps([hosts, logins])))
    assert found == [[401, 401, 401, 200]] * 3


def test_prometheus_needs_neither_a_login_nor_a_certificate(team: Team, client: ClientPod) -> None:
    """Each pod tells at its own port what it was asked, also what it refused; the Service leads nowhere near."""
    for pod in pods(team):
        _, told = client.get(f"http://{pod['status']['podIP']}:9464/metrics")
        assert 'mlflow_http_request_total{method="GET",status="401"}' in told, told[:2000]
    with pytest.raises(ClusterError):
        client.get("http://mlflow:9464/metrics")


def test_nobody_is_answered_without_https(team: Team, client: ClientPod) -> None:
    """The URL says so, and HTTP gets nowhere."""
    assert team.status("mlflowserver", "mlflow")["url"].startswith("https://mlflow.")
    with pytest.raises(ClusterError, match="urllib"):
        client.get("http://mlflow:5000/health")


def test_a_promotion_says_nothing_of_logins_or_certificates(team: Team, client: ClientPod) -> None:
    """A model with a file in the store, by MLflow's client; the operator has a way in, and trusts the certificate."""
    model = f"m-{uuid.uuid4().hex[:8]}"
    assert client.python(_REGISTER, model).strip().splitlines()[-1] == "1"
    team.promote("secured", model, 1)
    team.until("modelpromotion", "secured", is_ready, seconds=120)
    assert client.holders(model, "Production") == ["1"]


@pytest.fixture(scope="module")
def clients(client: ClientPod) -> Iterator[Clients]:
    """They ask while all tests of this file run; in the end nothing has failed between the steps either."""
    asking = Clients(client, (FIRST, SECOND))
    yield asking
    whole = asking.end()
    print(f"all: {whole}")
    assert whole.failed == {}


@pytest.fixture
def spec(team: Team) -> Object:
    """What the team has written of its server, without the number of replicas, which is somebody else's then."""
    written: Object = dict(team.get("mlflowserver", "mlflow")["spec"])
    written.pop("replicas")
    return written


def scale(team: Team, replicas: int) -> None:
    """As a person does."""
    team.plane.kubectl("-n", team.namespace, "scale", "mls/mlflow", f"--replicas={replicas}")


def settled(team: Team, replicas: int) -> None:
    """Wait until there are so many pods, all of them ready, and none on its way out."""

    def are_there() -> bool:
        labels = "app.kubernetes.io/component=server,app.kubernetes.io/instance=mlflow"
        found = json.loads(team.plane.kubectl("-n", team.namespace, "get", "pods", "-l", labels, "-o", "json"))["items"]
        return len(found) == replicas and all(condition(pod, "Ready").get("status") == "True" for pod in found)

    waiting.until(are_there, what=f"{replicas} pods", seconds=SECONDS, pause=0.5)
    team.until("mlflowserver", "mlflow", is_ready, seconds=SECONDS)


def is_fine(step: Step, *, refused: bool = False) -> bool:
    """Whether every client asked, and got what it asked for; ``refused``: and had to take the other password."""
    return step.failed == {} and bool(step.refused) == refused and min(step.asked.values()) > 20


def test_an_autoscaler_goes_from_one_to_three_and_back(team: Team, clients: Clients, spec: Object) -> None:
    """That of the spec, by Kubernetes' own controller, as the pods use more and less."""
    metrics = Metrics(team)
    try:
        with clients.during("autoscaler") as step:
            team.apply("MLflowServer", "mlflow", {**spec, "autoscaling": {"maxReplicas": 3}})
            for load, replicas in ((LITTLE, 1), (MUCH, 3), (LITTLE, 1)):
                metrics.load(load)
                settled(team, replicas)
            team.apply("MLflowServer", "mlflow", spec)
    finally:
        metrics.end()
    assert is_fine(step), step


def test_a_person_scales_from_one_to_three_and_back(team: Team, clients: Clients) -> None:
    """By `kubectl scale`."""
    scale(team, 1)
    settled(team, 1)
    with clients.during("kubectl scale") as step:
        for replicas in (3, 1):
            scale(team, replicas)
            settled(team, replicas)
    assert is_fine(step), step


def test_a_drain_takes_one_pod_after_the_other(team: Team, clients: Clients) -> None:
    """By the Eviction API, as `kubectl drain` does: the second is refused until the first has been replaced."""
    scale(team, 2)
    settled(team, 2)
    first, second = restarts(team)
    with clients.during("drain") as step:
        evict(team, first)
        with pytest.raises(ClusterError, match="disruption budget"):
            evict(team, second)
        settled(team, 2)
        evict(team, second)
        settled(team, 2)
    assert not {first, second} & restarts(team).keys()
    assert is_fine(step), step


def evict(team: Team, pod: str) -> None:
    """Ask for the eviction of a pod."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": team.namespace}}
    path = f"/api/v1/namespaces/{team.namespace}/pods/{pod}/eviction"
    team.plane.kubectl("create", "--raw", path, "-f", "-", text=json.dumps(body))


def test_a_change_of_the_spec_replaces_the_pods(team: Team, clients: Clients, spec: Object) -> None:
    """A variable; each new pod is ready before one of the others goes."""
    before = restarts(team)
    with clients.during("rolling change") as step:
        team.apply("MLflowServer", "mlflow", {**spec, "env": [{"name": "ROLLED", "value": "yes"}]})
        waiting.until(lambda: not before.keys() & restarts(team).keys(), what="new pods", seconds=SECONDS, pause=0.5)
        settled(team, len(before))
    assert is_fine(step), step


def test_a_renewed_certificate_replaces_no_pod(team: Team, client: ClientPod, clients: Clients) -> None:
    """Each comes to serve it, and the server is ready all the time."""
    before, since = restarts(team), condition(team.get("mlflowserver", "mlflow"), "ServerReady")["lastTransitionTime"]
    addresses = [pod["status"]["podIP"] for pod in pods(team)]
    old = client.python(_SHOWN, *addresses).split()
    with clients.during("certificate") as step:
        issue(team)

        def are_renewed() -> bool:
            return not set(old) & set(client.python(_SHOWN, *addresses).split())

        waiting.until(are_renewed, what="the new certificate", seconds=SECONDS, pause=1)
        time.sleep(5)
    assert is_fine(step), step
    assert restarts(team) == before
    after = team.get("mlflowserver", "mlflow")
    assert is_ready(after)
    assert condition(after, "ServerReady")["lastTransitionTime"] == since


def test_a_new_password_replaces_no_pod(team: Team, client: ClientPod, clients: Clients) -> None:
    """It holds without a restart; whoever uses it is told 401 with the one before, and takes the other."""
    before = restarts(team)
    with clients.during("password") as step:
        give(team, "people", trainer=SECOND)
        waiting.until(lambda: client.python(_HOLDS, text=SECOND).strip() == "200", what="it", seconds=95, pause=1)
        time.sleep(CACHE_SECONDS + 5)
    assert is_fine(step, refused=True), step
    assert restarts(team) == before
