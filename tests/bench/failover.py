"""How long nobody works when the leader of two operators ends: from the signal to the first write by the other."""

import base64
import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from bench.meters.trail import Trail, answered, is_operator, is_write
from bench.report import Row, spread
from bench.stage import WATCHED, Stage
from cluster.host import waiting
from cluster.host.console import step
from cluster.host.errors import ClusterError
from cluster.plane.audit import WRITES
from cluster.services.operator_process import ACCOUNT, NAMESPACE, USER, OperatorProcess
from mlflow_operator.config import Settings

LEASE = f"{NAMESPACE}/{ACCOUNT}"
GIVE_UP_SECONDS = 60
BEAT_SECONDS = 0.05
"""Between two objects applied, each of which asks for a write: the resolution of the result."""
_CREDENTIAL = "authentication.kubernetes.io/credential-id"
_numbers = itertools.count()


class Replica:
    """One of the operators; the audit log tells them apart by the token that each has."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        settings = {"NAMESPACES": WATCHED, "LEASE": LEASE}
        self._stage = stage
        self.process = OperatorProcess(folder, stage.plane, settings)
        self.credential = ""

    def start(self) -> None:
        """Start it with a new token, and return when it is ready."""
        self.process.start()
        kubeconfig = self._stage.plane.folder / f"{NAMESPACE}.{ACCOUNT}.kubeconfig"
        token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
        payload = token.split(".")[1]
        self.credential = f"JTI={json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))['jti']}"


def takeovers(stage: Stage, count: int) -> list[Row]:
    """SIGTERM and kill -9, in turn, some times each."""
    if "lease" not in Settings.model_fields:
        return [Row("fail-over", "not measured: this operator has no setting `lease`")]
    stage.operator.stop()
    replicas = [Replica(stage.folder / f"replica-{number}", stage) for number in range(2)]
    for replica in replicas:
        replica.start()
    try:
        ended, killed = [], []
        for _ in range(count):
            ended.append(_takeover(stage, replicas, OperatorProcess.interrupt))
            killed.append(_takeover(stage, replicas, OperatorProcess.kill))
    finally:
        for replica in replicas:
            replica.process.kill()
    stage.operator.start()
    return [
        Row(f"SIGTERM of the leader → first write by the other (n={count})", spread(ended, " s"), "goal 2 s", ended),
        Row("kill -9 of the leader → first write by the other", spread(killed, " s"), "the lease, 15 s", killed),
    ]


def _takeover(stage: Stage, replicas: list[Replica], end: Callable[[OperatorProcess], None]) -> float:
    leader = _leader(stage, replicas)
    other = next(replica for replica in replicas if replica is not leader)
    with step(f"{end.__name__} of the leader"):
        trail, begun = Trail(stage), time.time()
        end(leader.process)
        while (written := _first_write(trail, other)) is None:
            if time.time() - begun > GIVE_UP_SECONDS:
                raise ClusterError(f"nobody took over; the last lines of the log:\n{other.process.process.tail()}")
            stage.apply("MLflowServer", f"beat-{next(_numbers)}", {"external": {"url": stage.mlflow.url}})
            time.sleep(BEAT_SECONDS)
    leader.process.stop()
    leader.start()
    return written - begun


def _first_write(trail: Trail, replica: Replica) -> float | None:
    events = (e for e in trail.events() if is_operator(e) and is_write(e))
    return next((answered(e) for e in events if _credential(e) == replica.credential), None)


def _leader(stage: Stage, replicas: list[Replica]) -> Replica:
    """Who writes the lease; that it is renewed shows who holds it, whatever name the holder has in it."""
    mark, found = stage.plane.audit.mark(), dict[str, object]()

    def renewed() -> bool:
        events = stage.plane.audit.events(mark, USER)
        found.update({_credential(e): e for e in events if _is_renewal(e)})
        return any(replica.credential in found for replica in replicas)

    waiting.until(renewed, what="a leader that renews its lease", seconds=GIVE_UP_SECONDS, pause=0.2)
    return next(replica for replica in replicas if replica.credential in found)


def _is_renewal(event: dict[str, object]) -> bool:
    reference = event.get("objectRef", {})  # a request for no object, such as discovery, has none
    assert isinstance(reference, dict)
    return event["verb"] in WRITES and reference.get("resource") == "leases"


def _credential(event: dict[str, object]) -> str:
    user = event["user"]
    assert isinstance(user, dict)
    return str(user.get("extra", {}).get(_CREDENTIAL, [""])[0])
