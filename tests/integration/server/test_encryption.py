"""HTTPS in the pods, with a real MLflow: the container that the operator has made runs as a process."""

import http.client
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.plane.paper_node import PaperNode
from cluster.services import mlflow_server
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team, condition, is_ready
from integration.server.steps import SQLITE, secret, template
from integration.stores.kubelet import environment
from mlflow_operator.desired.server.encryption import FOLDER
from unit.signing import Pair, signed

pytestmark = pytest.mark.integration

SECONDS = 120
PATH = "/api/2.0/mlflow/experiments/search?max_results=1"


class Pod:
    """The server's container as a process on loopback, with its certificate in a folder."""

    def __init__(self, team: Team, folder: Path) -> None:
        self.mounted, self.port = folder / "certificate", ports.free(1)[0]
        self.mounted.mkdir()
        (folder / "database").mkdir()
        self.process = Process(f"server-{self.port}", folder)
        self._team, self._folder = team, folder

    def start(self) -> None:
        """Run what the Deployment says, as a kubelet would."""
        (container,) = template(self._team)["spec"]["containers"]
        programs = mlflow_server.environment(mlflow_server.pinned_version()) / "bin"
        places = {"5000": str(self.port), FOLDER: str(self.mounted)}
        argv = [str(programs / "python"), *(places.get(word, word) for word in container["command"][1:])]
        env = environment(self._team.get("deployment", "mlflow"), {})
        env = {name: value.replace("/var/lib/mlflow", str(self._folder)) for name, value in env.items()}
        env |= {"PATH": f"{programs}:{os.defpath}", "PYTHONPATH": "", "HOME": str(self._folder), "POD_IPS": ""}
        self.process.start(argv, env=env | {"TMPDIR": str(self._folder)}, folder=self._folder)
        waiting.until(self._answers, what=f"the server ({self.process.log})", seconds=SECONDS)

    def _answers(self) -> bool:
        self.process.check()
        return rest.succeeds(f"https://localhost:{self.port}/health")


class Client:
    """Asks without a pause until it is told to stop: on one connection, or each time on a new one."""

    def __init__(self, port: int, authorities: Path, *, stays: bool) -> None:
        self.asked, self.failed = 0, list[str]()
        self._port, self._trust, self._stays = port, ssl.create_default_context(cafile=str(authorities)), stays
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for the last answer."""
        self._ended.set()
        self._thread.join(30)

    def _ask(self) -> None:
        connection = self._connection()
        while not self._ended.is_set():
            self.asked += 1
            try:
                connection.request("GET", PATH)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failed.append(f"status {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection = self._connection()
            if not self._stays:
                connection.close()
        connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self._port, timeout=20, context=self._trust)


AUTHORITY, ANOTHER = signed("team authority"), signed("another authority")


def certificate(team: Team, *, by: Pair = AUTHORITY, name: str = "mlflow", days: int = 30) -> Pair:
    """One for the server's Service and for this machine."""
    return signed(f"{name}.{team.namespace}.svc.cluster.local", "localhost", by=by, days=days)


def write(team: Team, pod: Pod, pair: Pair, *, authority: Pair = AUTHORITY) -> None:
    """Put a certificate into the Secret, and into the pod as a kubelet does."""
    data: dict[str, Any] = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": authority.certificate}
    secret(team, "certificate", **data)
    pair.write(pod.mounted)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authorities that the tests' own clients trust."""
    file = tmp_path / "authorities.pem"
    file.write_text(AUTHORITY.certificate + ANOTHER.certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


@pytest.fixture
def pod(team: Team, paper_node: PaperNode, tmp_path: Path, trusted: Path) -> Iterator[Pod]:
    """The server `mlflow` with HTTPS, ready, and its pod."""
    assert trusted.exists()
    made = Pod(team, tmp_path)
    write(team, made, certificate(team))
    team.apply("MLflowServer", "mlflow", {**SQLITE, "workers": 1, "tls": {"secretName": "certificate"}})
    words = ("get", "deployment", "mlflow", "-n", team.namespace, "--ignore-not-found", "-o", "name")
    waiting.until(lambda: bool(team.plane.kubectl(*words)), what="the Deployment", seconds=30)
    made.start()
    paper_node.encrypt(made.port)
    team.ready("mlflowserver", "mlflow")
    yield made
    made.process.stop()


def says(*words: str) -> Callable[[dict[str, Any]], bool]:
    """Whether the server is not trusted, in these words."""

    def holds(server: dict[str, Any]) -> bool:
        found = condition(server, "ServerReady")
        told = str(found.get("message"))
        return found.get("reason") == "CertificateNotTrusted" and all(word in told for word in words)

    return holds


def test_a_promotion_works_over_https(team: Team, pod: Pod) -> None:
    """With an authority of one's own, and no field more than the Secret; the URL is the one for clients."""
    assert team.status("mlflowserver", "mlflow")["url"] == f"https://mlflow.{team.namespace}.svc.cluster.local:5000"
    registry = Registry(f"https://localhost:{pod.port}")
    registry.create_model("fraud", versions=2)
    team.promote("fraud", "fraud", 2)
    team.ready("modelpromotion", "fraud")
    assert registry.holders("fraud", "Production") == ["2"]


def test_a_renewal_fails_no_request(team: Team, pod: Pod, trusted: Path) -> None:
    """Of clients that never pause, while both certificate and authority change; the server is ready all the time."""
    before = condition(team.get("mlflowserver", "mlflow"), "ServerReady")["lastTransitionTime"]
    deployment = team.get("deployment", "mlflow")["metadata"]["generation"]
    clients = [Client(pod.port, trusted, stays=stays) for stays in (True, False)]
    for authority in (ANOTHER, AUTHORITY, ANOTHER):
        write(team, pod, certificate(team, by=authority), authority=authority)
        time.sleep(5)
    for client in clients:
        client.stop()
    assert [client.failed for client in clients] == [[], []], [client.asked for client in clients]
    assert min(client.asked for client in clients) > 100
    shown = ssl.get_server_certificate(("localhost", pod.port), ca_certs=str(trusted))
    assert shown.strip() == (pod.mounted / "tls.crt").read_text().strip()
    after = team.get("mlflowserver", "mlflow")
    assert is_ready(after)
    assert condition(after, "ServerReady")["lastTransitionTime"] == before
    assert team.get("deployment", "mlflow")["metadata"]["generation"] == deployment


def test_what_is_wrong_with_a_certificate_is_said(team: Team, pod: Pod) -> None:
    """That it has expired, or is for another host; and the server is ready when it is corrected."""
    host = f"mlflow.{team.namespace}.svc.cluster.local"
    write(team, pod, certificate(team, days=-1))
    team.until("mlflowserver", "mlflow", says("certificate has expired", f"a certificate for {host}"))
    write(team, pod, certificate(team, name="other"))
    team.until("mlflowserver", "mlflow", says("Hostname mismatch", "Secret certificate of spec.tls"))
    write(team, pod, certificate(team))
    team.ready("mlflowserver", "mlflow")


def test_an_end_that_comes_near_is_said_until_somebody_renews(team: Team, pod: Pod, operator: OperatorProcess) -> None:
    """By the condition and the metrics, and then that it has come; the server is made anew for none of it."""
    series = (
        f'mlflow_operator_server_certificate_expiry_timestamp_seconds{{name="mlflow",namespace="{team.namespace}"}}'
    )
    before = team.get("deployment", "mlflow")["metadata"]["generation"]
    for days, words in ((5, "and is not renewed yet"), (-1, "so clients refuse the server"), (30, None)):
        write(team, pod, certificate(team, days=days))
        team.until("mlflowserver", "mlflow", secured(words))
        assert round((operator.metric(series) - time.time()) / 86400) == days
    assert team.get("deployment", "mlflow")["metadata"]["generation"] == before


def secured(words: str | None) -> Callable[[dict[str, Any]], bool]:
    """Whether Secured says this of a certificate, or nothing."""

    def holds(server: dict[str, Any]) -> bool:
        told = str(condition(server, "Secured").get("message"))
        return words in told if words else "the certificate in Secret" not in told

    return holds


def test_pods_that_show_another_certificate_are_not_trusted(team: Team, pod: Pod) -> None:
    """Whoever stands in their place has to have the key."""
    certificate(team, by=ANOTHER).write(pod.mounted)
    secret(team, "certificate", **{"tls.crt": certificate(team).certificate})
    team.until("mlflowserver", "mlflow", says("its certificate is not trusted"))
