"""Argo CD as processes: its application controller and its repo server, on a control plane of the tests."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from cluster.host import folders, packages, ports, waiting
from cluster.host.process import Process
from cluster.plane import crds, programs
from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Object

NAMESPACE = "argocd"
USER = "argocd"
HEALTH = folders.CHECKOUT / "manifests" / "argocd" / "health.yaml"
LABELS = {"app.kubernetes.io/part-of": "argocd"}
LOOK_SECONDS = 2


class ArgoCd:
    """Acts as the user `argocd`, an administrator of the cluster."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self._folder = folder
        self._plane = plane
        self._controller_argv: list[str] = []
        self._redis, self._repo_server, self._controller = self.processes = [
            Process(name, folder) for name in ("argocd-redis", "argocd-repo-server", "argocd-application-controller")
        ]

    def start(self) -> None:
        """Install it, with the health checks that we ship, and return when it works on applications."""
        built = programs.build(programs.ARGOCD)
        crds.install(self._plane, built / programs.FILES)
        self._plane.kubectl("create", "namespace", NAMESPACE)
        for obj in _settings():
            self._plane.kubectl("apply", "-f", "-", text=json.dumps(obj))
        redis, repo_server, repo_metrics, metrics = ports.free(4)
        self._redis.start([str(built / "argocd-redis"), f"127.0.0.1:{redis}"])
        self._repo_server.start(_repo_server(built, repo_server, repo_metrics, redis), env=self._environment())
        waiting.until(lambda: ports.answers("127.0.0.1", repo_server), what="Argo CD's repo server", seconds=60)
        self._controller_argv = _controller(built, repo_server, metrics, redis)
        self._controller.start(self._controller_argv, env=self._environment())

    @contextlib.contextmanager
    def tracking(self, method: str) -> Iterator[None]:
        """Tell what belongs to an application by another method, as installations of before 3.0 do by a label."""
        self._set("application.resourceTrackingMethod", method)
        try:
            yield
        finally:
            self._set("application.resourceTrackingMethod", None)

    def _set(self, key: str, value: str | None) -> None:
        change = json.dumps({"data": {key: value}})
        self._plane.kubectl("patch", "configmap", "argocd-cm", "-n", NAMESPACE, "--type=merge", "-p", change)
        self._controller.stop()
        self._controller.start(self._controller_argv, env=self._environment())

    def stop(self) -> None:
        """End it."""
        for process in reversed(self.processes):
            process.stop()

    def _environment(self) -> dict[str, str]:
        """Folders of its own, and `https://kubernetes.default.svc` means the control plane."""
        here = {name: self._folder / name for name in ("tls", "ssh", "gpg", "config", "tmp", "bin")}
        for folder in here.values():
            folder.mkdir(parents=True, exist_ok=True)
        # The repo server asks this program about each commit's signature; no commit of a test has one.
        verify = here["bin"] / "git-verify-wrapper.sh"
        verify.write_text("#!/bin/sh\nexit 0\n")
        verify.chmod(0o755)
        return {
            "KUBECONFIG": str(self._plane.log_in(USER, f"/O=system:masters/CN={USER}")),
            "PATH": f"{here['bin']}:{packages.search_path()}",
            "TMPDIR": str(here["tmp"]),
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": str(here["tls"]),
            "ARGOCD_SSH_DATA_PATH": str(here["ssh"]),
            "ARGOCD_GNUPGHOME": str(here["gpg"]),
            "ARGOCD_APP_CONF_PATH": str(here["config"]),
        }


def _repo_server(built: Path, port: int, metrics: int, redis: int) -> list[str]:
    return [
        str(built / "argocd-repo-server"),
        "--address=127.0.0.1",
        f"--port={port}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={metrics}",
        "--disable-tls",
        "--client-ca-path=",  # without it no TLS is refused
        "--revision-cache-expiration=1s",  # a commit is hidden for so long
        f"--redis=127.0.0.1:{redis}",
    ]


def _controller(built: Path, repo_server: int, metrics: int, redis: int) -> list[str]:
    return [
        str(built / "argocd-application-controller"),
        f"--namespace={NAMESPACE}",
        f"--repo-server=127.0.0.1:{repo_server}",
        "--repo-server-plaintext",
        f"--redis=127.0.0.1:{redis}",
        f"--metrics-port={metrics}",
        f"--app-resync={LOOK_SECONDS}",
        "--app-resync-jitter=0",
        "--status-processors=2",
        "--operation-processors=2",
    ]


def _settings() -> list[Object]:
    """What both programs read from the cluster; the health checks are those that we ship."""

    def of(kind: str, name: str, **more: Object) -> Object:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}

    shipped = yaml.safe_load(HEALTH.read_text())["data"]
    everything: Object = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    return [
        of("ConfigMap", "argocd-cm", data=shipped),
        of("Secret", "argocd-secret", stringData={"server.secretkey": "no secret in a test"}),
        of("AppProject", "default", spec=everything) | {"apiVersion": "argoproj.io/v1alpha1"},
    ]
