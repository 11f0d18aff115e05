"""The scoring service of the samples: it follows promotions, and no request is lost meanwhile."""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cluster.host import folders, ports, rest, waiting
from cluster.host.process import Process
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry

pytestmark = pytest.mark.integration

SAMPLE = folders.CHECKOUT / "manifests" / "samples" / "scoring-service"
TRAIN = """
import asyncio, sys
from sklearn.dummy import DummyRegressor
from mlflow_operator.model_registry import ModelRegistry

async def main(name, score):
    async with ModelRegistry() as registry:
        model = DummyRegressor(strategy="constant", constant=score).fit([[0.0]], [score])
        run_id = await registry.log_model(model, name, metrics={"score": score})
        print(await registry.register_model(run_id, name))

asyncio.run(main(sys.argv[1], float(sys.argv[2])))
"""


@dataclass
class Client:
    """Somebody who asks for scores without a pause, and keeps what came of it."""

    url: str
    versions: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Until it is over."""
        while not self._over.is_set():
            try:
                status, body = rest.send("POST", f"{self.url}/score", '[{"experience": 3.0}]')
            except OSError as error:
                self.failed.append(str(error))
                continue
            if status != 200:
                self.failed.append(f"{status}: {body!r}")
                continue
            said = json.loads(body)
            assert said["scores"] == [float(said["version"])]
            self.versions.append(said["version"])

    def stop(self) -> None:
        """No more questions."""
        self._over.set()


@pytest.fixture
def environment(plain_mlflow: MlflowServer, tmp_path: Path) -> dict[str, str]:
    """Variables of the service: its model has a name of its own."""
    plain_mlflow.start()
    return {
        **os.environ,
        "PYTHONPATH": str(folders.CHECKOUT / "operator"),
        "MLFLOW_TRACKING_URI": plain_mlflow.url,
        "MODEL": f"scoring-{uuid.uuid4().hex[:8]}",
        "FOLLOW_SECONDS": "0.2",
        "TMPDIR": str(tmp_path),
    }


def train(environment: dict[str, str], score: int) -> int:
    """A model that always predicts its own version; the version."""
    argv = [sys.executable, "-W", "ignore", "-c", TRAIN, environment["MODEL"], str(score)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.fixture
def scoring(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The URL of the service, which runs; nothing of its model is in Production."""
    port = ports.free(1)[0]
    process = Process("scoring", tmp_path)
    argv = [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port)]
    process.start(argv, env=environment, folder=SAMPLE)
    url = f"http://127.0.0.1:{port}"
    waiting.until(lambda: rest.succeeds(f"{url}/healthz"), what=f"the service ({process.log})", seconds=60)
    yield url
    process.stop()


def test_it_follows_promotions_without_losing_a_request(
    environment: dict[str, str], scoring: str, registry: Registry, plain_mlflow: MlflowServer
) -> None:
    """Not ready without a model, then 1, 2 and 1 again under a client that never pauses, while MLflow is away too."""
    assert rest.get(f"{scoring}/readyz")[0] == 503
    name = environment["MODEL"]
    assert [train(environment, 1), train(environment, 2)] == [1, 2]
    registry.move(name, "1", "Production")
    until_served(scoring, 1)
    client = Client(scoring)
    asking = threading.Thread(target=client.ask, daemon=True)
    asking.start()
    try:
        registry.move(name, "2", "Production")
        until_served(scoring, 2)
        plain_mlflow.stop()
        time.sleep(1)
        plain_mlflow.start()
        registry.move(name, "1", "Production")
        until_served(scoring, 1)
    finally:
        client.stop()
        asking.join()
    changes = [a for a, b in zip(client.versions, [*client.versions[1:], 0], strict=True) if a != b]
    assert (client.failed, changes) == ([], [1, 2, 1])
    print(f"{len(client.versions)} requests, none lost")


def until_served(scoring: str, version: int) -> None:
    """Wait until a version answers."""

    def is_served() -> bool:
        status, body = rest.get(f"{scoring}/readyz")
        return status == 200 and json.loads(body) == {"version": version}

    waiting.until(is_served, what=f"version {version} to be served", seconds=60, pause=0.1)
