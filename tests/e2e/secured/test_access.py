"""Who gets to a server with HTTPS and logins, on a real node: two replicas, and a promotion."""

import json
import uuid

import pytest

from cluster.host.errors import ClusterError
from cluster.services.team import Team, is_ready
from e2e.client import ClientPod
from e2e.secured.people import FIRST, SECOND
from e2e.teams import pods

pytestmark = pytest.mark.e2e

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
