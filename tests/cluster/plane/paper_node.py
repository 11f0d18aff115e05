"""A node on paper: what kubelets and the cluster network would do, for a control plane that has neither.

Real: the API server with its admission and defaults, and every controller. Deployments, StatefulSets and Jobs make
their pods, roll them, count them and clean up; the garbage collector follows owners; and whatever the operator asks
of MLflow is answered by a real MLflow.

Played: the scheduler and the kubelet. No container runs. A pod of a Job ends at once with the report that the
preparation would have written, a good one unless a test asks for another; every other pod runs and is ready at once.
Volumes are never bound, no pod has an address, and Services lead nowhere: a forward proxy on loopback takes what is
sent to any host and gives it to one MLflow, under MLflow's own host name. So all servers share one database, and the
proxy answers whether or not a pod is behind the Service. What is sent over TLS is passed on unread, to another server.
"""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from cluster.plane.api import Api, Object, Refused
from cluster.plane.control_plane import ControlPlane

WATCH_SECONDS = 60
JOB_LABEL = "batch.kubernetes.io/job-name"
REVISION = "0123456789ab"


@dataclass(frozen=True)
class Ending:
    """How a preparation ends: the document of desired/preparation/program/report.py, and its exit code."""

    report: Object
    exit_code: int = 0


def _part(
    name: str, reason: str, message: str, *, ok: bool = True, terminal: bool = False, **facts: str
) -> dict[str, Object]:
    return {name: {"name": name, "ok": ok, "terminal": terminal, "reason": reason, "message": message, **facts}}


def _report(parts: dict[str, Object]) -> Object:
    return {"parts": list(parts.values())}


_STORES: dict[str, Object] = {
    **_part("database", "Migrated", "logged in; the schema is new", revision=REVISION),
    **_part("artifacts", "Writable", "wrote, read and deleted a file"),
}
GOOD = Ending(_report(_STORES))


def failing(part: str, reason: str, message: str, *, terminal: bool = True) -> Ending:
    """A preparation that found something wrong with `part`: database, artifacts or logins."""
    wrong = _part(part, reason, message, ok=False, terminal=terminal, phase="connect")
    return Ending(_report({**_STORES, **wrong}), 3 if terminal else 1)


def planning(was: str, goal: str) -> Ending:
    """A preparation that was told to ask, and found a schema that it would migrate."""
    message = (
        f"the schema of database mlflow is to be migrated from revision {was} to {goal}; its largest table is runs"
    )
    part = _part("database", "MigrationPlanned", message, phase="plan", revision=was, goal=goal)
    part["database"]["ok"] = None
    return Ending(_report({**_STORES, **part}), 4)


class PaperNode:
    """Plays the node for every pod of a control plane, and the network in front of the MLflow at a URL."""

    def __init__(self, plane: ControlPlane, mlflow_url: str) -> None:
        self.endings: dict[str, Ending | Callable[[Object], Ending]] = {}
        """By namespace: how the pods of Jobs end there from now on, or what says it of each of them."""
        self.held: dict[str, Literal["Pending", "Running"]] = {}
        """By namespace: where preparations stay, until they are let go."""
        self._plane = plane
        self._proxy = _Proxy(mlflow_url)
        self._stopped = threading.Event()

    @property
    def environment(self) -> dict[str, str]:
        """What makes a client send requests for Services here; lower case wins where both are set."""
        proxy = f"http://127.0.0.1:{self._proxy.server_port}"
        return {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "127.0.0.1,localhost"}

    def encrypt(self, port: int) -> None:
        """Give what is sent over TLS to a server on loopback from now on."""
        self._proxy.encrypted = port

    def start(self) -> None:
        """Begin."""
        for work in (self._proxy.serve_forever, self._play):
            threading.Thread(target=work, daemon=True).start()

    def let_go(self, namespace: str) -> None:
        """Let the preparations that were held end."""
        self.held.pop(namespace, None)
        with contextlib.closing(Api(self._plane)) as api:
            for pod in api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]:
                if JOB_LABEL in pod["metadata"].get("labels", {}) and pod["status"]["phase"] in ("Pending", "Running"):
                    self._put(api, pod, _ended(pod, self._ending(pod)))

    def stop(self) -> None:
        """Leave all pods as they are; the last watch ends by itself."""
        self._stopped.set()
        self._proxy.shutdown()
        self._proxy.server_close()

    def _play(self) -> None:
        with contextlib.closing(Api(self._plane)) as api:
            while not self._stopped.is_set():
                try:
                    self._watch(api)
                except (OSError, http.client.HTTPException, Refused):
                    time.sleep(0.2)  # the API server is away; the next watch begins with every pod

    def _watch(self, api: Api) -> None:
        with contextlib.closing(api.watch("/api/v1/pods", WATCH_SECONDS)) as pods:
            for pod in pods:
                if self._stopped.is_set():
                    return
                self._report(api, pod)

    def _report(self, api: Api, pod: Object) -> None:
        meta = pod["metadata"]
        if "deletionTimestamp" in meta or pod["status"].get("phase") != "Pending" or pod["spec"].get("schedulingGates"):
            return
        if JOB_LABEL not in meta.get("labels", {}) or self.held.get(meta["namespace"]) == "Running":
            self._put(api, pod, _running(pod))
        elif meta["namespace"] not in self.held:
            self._put(api, pod, _ended(pod, self._ending(pod)))

    def _ending(self, pod: Object) -> Ending:
        found = self.endings.get(pod["metadata"]["namespace"], GOOD)
        return found if isinstance(found, Ending) else found(pod)

    def _put(self, api: Api, pod: Object, status: Object) -> None:
        meta = pod["metadata"]
        try:
            api.put(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status", {**pod, "status": status})
        except Refused as refused:
            if refused.status not in (404, 409):  # gone, or changed: then the watch brings it again
                raise


def _running(pod: Object) -> Object:
    return _status(pod, "Running", {"running": {"startedAt": _now()}}, ready=True)


def _ended(pod: Object, ending: Ending) -> Object:
    end = {
        "exitCode": ending.exit_code,
        "reason": "Error" if ending.exit_code else "Completed",
        "message": json.dumps(ending.report),
        "startedAt": _now(),
        "finishedAt": _now(),
    }
    return _status(pod, "Failed" if ending.exit_code else "Succeeded", {"terminated": end}, ready=False)


def _status(pod: Object, phase: str, state: Object, *, ready: bool) -> Object:
    """A pod's status, with all containers in one state."""
    conditions = {"PodScheduled": True, "Initialized": True, "ContainersReady": ready, "Ready": ready}
    return {
        **pod["status"],
        "phase": phase,
        "startTime": _now(),
        "conditions": [
            {"type": type_, "status": str(holds), "lastTransitionTime": _now()} for type_, holds in conditions.items()
        ],
        "containerStatuses": [_container(container, state, ready=ready) for container in pod["spec"]["containers"]],
    }


def _container(container: Object, state: Object, *, ready: bool) -> Object:
    image = container["image"]
    return {"name": container["name"], "image": image, "imageID": image, "ready": ready, "restartCount": 0} | {
        "state": state,
        "started": ready,
    }


def _copy(one: socket.socket, other: socket.socket) -> None:
    """Send to one what the other one says, until it says no more."""
    with contextlib.suppress(OSError):
        one.settimeout(None)
        while piece := one.recv(2**16):
            other.sendall(piece)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Proxy(ThreadingHTTPServer):
    """Forwards every request, for whatever host, to one server."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target = urlsplit(target).netloc
        self.encrypted = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart, and would wait for each other
    server: _Proxy

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._forward
        raise AttributeError(name)

    def do_CONNECT(self) -> None:
        """Pass on what is sent both ways, until one side ends it."""
        try:
            server = socket.create_connection(("127.0.0.1", self.server.encrypted), timeout=30)
        except OSError as error:
            self._answer(502, "text/plain", repr(error).encode())
            return
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        back = threading.Thread(target=_copy, args=(server, self.connection), daemon=True)
        back.start()
        _copy(self.connection, server)
        back.join()
        server.close()

    def _forward(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection(self.server.target, timeout=30)
        try:
            kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "authorization", "accept")}
            upstream.request(self.command, parts._replace(scheme="", netloc="").geturl(), body or None, kept)
            answer = upstream.getresponse()
            self._answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._answer(502, "text/plain", repr(error).encode())
        finally:
            upstream.close()

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class gave it
        """Say nothing."""
