"""etcd, API server and controller manager as processes: everything of Kubernetes but nodes and pods.

Objects, defaults, admission, garbage collection and controllers are real; Deployments get ReplicaSets and Pods, and
the Pods stay Pending. Needs no root.
"""

import base64
import contextlib
import dataclasses
import http.client
import json
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

from cluster.host import ports, rest, run, waiting
from cluster.host.errors import ClusterError
from cluster.host.process import Process
from cluster.plane import programs
from cluster.plane.api import Api, Object, Refused
from cluster.plane.audit import POLICY, AuditLog
from cluster.plane.certificates import Authority
from cluster.plane.flags import Place, apiserver, controller_manager, etcd
from cluster.plane.resources import Resources

READY_SECONDS = 90


class ControlPlane:
    """One control plane whose data, certificates, records and logs are in `folder`.

    A second object for the same folder, in whatever process, sees the same control plane.
    """

    def __init__(self, folder: Path, place: Place | None = None, policy: str = POLICY) -> None:
        """``policy`` says what the API server's audit log has."""
        self.folder = folder
        self.kubeconfig = folder / "admin.kubeconfig"
        self.audit_log_path = folder / "audit.log"
        self.authority = Authority(folder / "pki")
        self.etcd, self.apiserver, self.controller_manager = (
            Process(name, folder) for name in ("etcd", "kube-apiserver", "kube-controller-manager")
        )
        self._chosen = place
        self._policy = policy
        self._resources = Resources()
        self._etcd_data = folder / "etcd-data"
        self.audit = AuditLog(self.audit_log_path, lambda path: rest.get(self.url + path, self._tls()))

    @property
    def place(self) -> Place:
        """Addresses and ports; those on loopback are chosen at the first start and then kept."""
        if self._chosen is None:
            record = self.folder / "place"
            if not record.exists():
                etcd_port, peer_port, api_port = ports.free(3)
                place = Place(api_port=api_port, etcd_port=etcd_port, peer_port=peer_port)
                record.parent.mkdir(parents=True, exist_ok=True)
                record.write_text(json.dumps(dataclasses.asdict(place)))
            self._chosen = Place(**json.loads(record.read_text()))
        return self._chosen

    @property
    def url(self) -> str:
        """Where the API server answers."""
        return f"https://{self.place.address}:{self.place.api_port}"

    def start(self) -> None:
        """Start what does not run yet and return when the API server is ready."""
        self._prepare()
        programs_folder = programs.build(programs.KUBERNETES)
        self.etcd.start(etcd(programs_folder, self.folder, self.place))
        self.start_apiserver()
        self.controller_manager.start(controller_manager(programs_folder, self.folder, self.place))
        waiting.until(self._has_defaults, what="the default service account", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End all three; the data stays in `folder`."""
        for process in (self.controller_manager, self.apiserver, self.etcd):
            process.kill()

    def start_apiserver(self) -> None:
        """Start the API server, at the same address as before, and wait until it is ready."""
        self.apiserver.start(apiserver(programs.build(programs.KUBERNETES), self.folder, self.place))
        waiting.until(self._is_ready, what=f"the API server ({self.apiserver.log})", seconds=READY_SECONDS)

    def stop_apiserver(self, *, kill: bool = False) -> None:
        """End the API server: gracefully, or as by `kill -9`."""
        if kill:
            self.apiserver.kill()
        else:
            self.apiserver.stop(grace=30)

    @contextlib.contextmanager
    def without_apiserver(self, *, kill: bool = False) -> Iterator[None]:
        """Take the API server away while the body runs, and bring it back whatever happens."""
        self.stop_apiserver(kill=kill)
        try:
            yield
        finally:
            self.start_apiserver()

    def compact(self) -> None:
        """Make etcd forget its history: a watch resumed from an older resource version ends with 410 (after a restart).

        A running API server still answers from its own cache.
        """
        base = f"http://{self.place.address}:{self.place.etcd_port}/v3/kv"
        _, answer = rest.send("POST", f"{base}/range", json.dumps({"key": base64.b64encode(b"\0").decode()}))
        revision = json.loads(answer)["header"]["revision"]
        rest.send("POST", f"{base}/compaction", json.dumps({"revision": revision, "physical": True}))

    def back_up(self) -> Path:
        """Copy etcd's data, while everything but the controllers stands still; the folder with the copy."""
        copy = self.folder / "backup"
        with self._without_etcd():
            shutil.copytree(self._etcd_data, copy)
        return copy

    def restore(self, copy: Path) -> None:
        """Bring etcd's data back to what they were: versions of objects go back, as after any restored backup."""
        with self._without_etcd():
            shutil.rmtree(self._etcd_data)
            shutil.copytree(copy, self._etcd_data)

    @contextlib.contextmanager
    def _without_etcd(self) -> Iterator[None]:
        with self.without_apiserver(kill=True):
            self.etcd.stop()
            try:
                yield
            finally:
                self.etcd.start(etcd(programs.build(programs.KUBERNETES), self.folder, self.place))

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """Run kubectl as cluster administrator, with `text` as standard input; return what it prints."""
        program = programs.build(programs.KUBERNETES) / "kubectl"
        return run.output([program, "--kubeconfig", self.kubeconfig, *words], text=text)

    def get(self, kind: str, name: str, namespace: str) -> Object:
        """Return what `kubectl get -o json` shows of an object; a kubectl costs thirty times as much, in every wait."""
        with self._api() as api:
            obj = api.get(f"{self._resources.path(api.get, kind, namespace)}/{name}")
        obj["metadata"].pop("managedFields", None)
        return obj

    def create_namespace(self, name: str) -> None:
        """Make a namespace."""
        obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        with self._api() as api:
            api.apply(f"/api/v1/namespaces/{name}", obj)

    def delete_namespace(self, name: str) -> None:
        """Delete a namespace if it is there; that all in it goes is not waited for."""
        with self._api() as api:
            try:
                api.delete(f"/api/v1/namespaces/{name}")
            except Refused as refused:
                if refused.status != http.HTTPStatus.NOT_FOUND:
                    raise

    @contextlib.contextmanager
    def _api(self) -> Iterator[Api]:
        """Give a connection of its own, so that any thread may ask at any time."""
        with contextlib.closing(Api(self)) as api:
            try:
                yield api
            except (OSError, http.client.HTTPException) as error:
                raise ClusterError(f"the API server at {self.url} does not answer: {error!r}") from error

    def kubeconfig_for(self, service_account: str, namespace: str = "default") -> Path:
        """Write a kubeconfig with a token of an existing service account (24 h), so that its own RBAC applies."""
        token = self.kubectl("create", "token", service_account, "-n", namespace, "--duration=24h").strip()
        path = self.folder / f"{namespace}.{service_account}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(self.authority.kubeconfig(self.url, {"token": token}))
        return path

    def remove(self) -> None:
        """End everything and delete the folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        if self.kubeconfig.exists():
            return
        self.authority.create()
        self.authority.issue("apiserver", "/CN=kube-apiserver", self.place.certificate_names)
        (self.folder / "audit-policy.json").write_text(self._policy)
        self.log_in("controller-manager", "/CN=system:kube-controller-manager")
        self.log_in("admin", "/O=system:masters/CN=admin")

    def log_in(self, name: str, subject: str) -> Path:
        """Write `<name>.kubeconfig` with a certificate for `subject`."""
        self.authority.issue(name, subject)
        path = self.folder / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(self.authority.kubeconfig(self.url, self.authority.client(name)))
        return path

    def _is_ready(self) -> bool:
        self.apiserver.check()
        self.etcd.check()
        return rest.succeeds(f"{self.url}/readyz", self._tls())

    def _has_defaults(self) -> bool:
        self.controller_manager.check()
        return rest.succeeds(f"{self.url}/api/v1/namespaces/default/serviceaccounts/default", self._tls())

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        pki = self.authority.folder
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        return context
