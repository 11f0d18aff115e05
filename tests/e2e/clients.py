"""Clients that never pause, in a pod, and what became of their requests: step by step."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cluster.host import waiting
from cluster.host.errors import ClusterError
from e2e.client import ClientPod

# Three clients: MLflow's own, which never tries again, one that stays on its connection, and one that makes a new one
# for each request. Where there are passwords, the last two take the other one when they are told 401.
_ASK = """
import hashlib, http.client, json, os, ssl, sys, threading, time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

url, passwords = json.load(sys.stdin)
os.environ |= {"HOME": "/tmp", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_URI": url}
place, authority = urlsplit(url), os.environ.get("AUTHORITY")
if authority:
    Path("/tmp/authority").write_text(authority)
    os.environ["MLFLOW_TRACKING_SERVER_CERT_PATH"] = "/tmp/authority"
LOOK = "/api/2.0/mlflow/experiments/search?max_results=1"
found = {}

def step():
    return Path("/tmp/step").read_text()

def note(client, what, count=1):
    mine = found.setdefault(step(), {}).setdefault(client, {})
    mine[what] = mine.get(what, 0) + count

def log():
    import mlflow, requests
    send = requests.Session.send
    def counted(self, request, **words):
        note("logs", "asked")
        return send(self, request, **words)
    requests.Session.send = counted
    client = mlflow.MlflowClient()
    while step() != "end":
        try:
            run = client.create_run("0").info.run_id
            client.log_metric(run, "loss", 0.5)
            client.log_text(run, run, "notes/text")
            client.set_terminated(run)
            assert client.get_run(run).data.metrics == {"loss": 0.5}
            assert mlflow.artifacts.load_text(f"runs:/{run}/notes/text") == run
        except Exception as error:
            note("logs", repr(error)[:500])

def connected():
    if place.scheme == "http":
        return http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    trust = ssl.create_default_context(cadata=authority)
    return http.client.HTTPSConnection(place.hostname, place.port, timeout=30, context=trust)

def login(current):
    if not passwords:
        return {}
    return {"Authorization": "Basic " + b64encode(f"trainer:{passwords[current]}".encode()).decode()}

def ask(client, stays):
    connection, current = connected(), 0
    while step() != "end":
        note(client, "asked")
        try:
            connection.request("GET", LOOK, headers=login(current))
            answer = connection.getresponse()
            answer.read()
            # MLflow looks twice in one request, and answers 500 where the first password ends in between.
            if passwords and (answer.status == 401 or (answer.status == 500 and current == 0)):
                current = 1 - current
                note(client, "refused")
            elif answer.status != 200:
                note(client, str(answer.status))
        except (OSError, http.client.HTTPException) as error:
            note(client, repr(error))
            connection.close()
        if not stays:
            connection.close()

clients = [threading.Thread(target=log)]
clients += [threading.Thread(target=ask, args=args) for args in (("stays", True), ("comes", False))]
for client in clients: client.start()
while any(client.is_alive() for client in clients):
    Path("/tmp/written").write_text(json.dumps(found.copy()))
    os.rename("/tmp/written", "/tmp/found")
    time.sleep(0.2)
"""
_MARK = """
import os, pathlib, sys
pathlib.Path("/tmp/next").write_text(sys.argv[1])
os.rename("/tmp/next", "/tmp/step")
"""
_READ = "import pathlib; print(pathlib.Path('/tmp/found').read_text())"
BETWEEN, END = "between", "end"
CLIENTS = ("logs", "stays", "comes")


@dataclass
class Step:
    """What became of the requests of a step; known when it is over."""

    asked: dict[str, int]
    """How many, by client."""
    refused: int
    """How many were told by the server that the password is wrong, after which the client took the other one."""
    failed: dict[str, dict[str, int]]
    """Every other that was not answered as it should be, by client and by what happened."""


class Clients:
    """They ask from when this is made."""

    def __init__(self, pod: ClientPod, passwords: tuple[str, ...] = ()) -> None:
        """``passwords`` are those of the trainer, the second one of which holds later; none where nobody logs in."""
        self._pod = pod
        pod.python(_MARK, BETWEEN)
        self._asking = threading.Thread(
            target=pod.python, args=(_ASK,), kwargs={"text": json.dumps([pod.url, passwords])}
        )
        self._asking.start()
        waiting.until(lambda: self._found(BETWEEN).keys() >= set(CLIENTS), what="clients that ask", seconds=90, pause=1)

    @contextmanager
    def during(self, name: str) -> Iterator[Step]:
        """Count what is asked while the body runs, and until every client has asked once more."""
        step = Step({}, 0, {})
        self._pod.python(_MARK, name)
        yield step
        before = self._found(BETWEEN)
        self._pod.python(_MARK, BETWEEN)
        waiting.until(lambda: _have_gone_on(before, self._found(BETWEEN)), what="more requests", seconds=90, pause=1)
        _tell(self._found(name), step)
        print(f"{name}: {step}")

    def end(self) -> Step:
        """Ask no more; what became of all requests of all steps."""
        self._pod.python(_MARK, END)
        self._asking.join()
        whole = Step({}, 0, {})
        for found in json.loads(self._pod.python(_READ)).values():
            _tell(found, whole)
        return whole

    def _found(self, step: str) -> dict[str, dict[str, int]]:
        try:
            found: dict[str, dict[str, dict[str, int]]] = json.loads(self._pod.python(_READ))
        except ClusterError:
            return {}
        return found.get(step, {})


def _have_gone_on(before: dict[str, dict[str, int]], now: dict[str, dict[str, int]]) -> bool:
    """Whether each client has begun two requests, so that the first has been answered."""
    return all(now.get(name, {}).get("asked", 0) >= before.get(name, {}).get("asked", 0) + 2 for name in CLIENTS)


def _tell(found: dict[str, dict[str, int]], step: Step) -> None:
    for client, counts in found.items():
        step.asked[client] = step.asked.get(client, 0) + counts.get("asked", 0)
        step.refused += counts.get("refused", 0)
        for what, count in counts.items():
            if what not in ("asked", "refused"):
                mine = step.failed.setdefault(client, {})
                mine[what] = mine.get(what, 0) + count
