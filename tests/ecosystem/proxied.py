"""The containers of a server with logins at a provider, as processes: their words, files and variables as rendered."""

import http.cookiejar
import os
import re
import ssl
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from cluster.companions.identity_provider import Client, IdentityProvider
from cluster.host import ports, waiting
from cluster.host.process import Process
from cluster.plane import programs
from cluster.services import mlflow_server
from integration.stores.kubelet import environment
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import volumes
from mlflow_operator.desired.server import encryption
from unit.desired.servers import SQLITE, everything

Object = dict[str, Any]

PREFIX = "/ml"
SEARCH = f"{PREFIX}/api/2.0/mlflow/experiments/search?max_results=1"
BEHIND, AT = "5001", ":5000"
"""Ports of a pod, of which a test has others."""


@dataclass(frozen=True)
class Answer:
    """What somebody was answered."""

    status: int
    headers: Message
    body: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nobody: where it leads is part of the answer."""


class Browser:
    """Keeps cookies, trusts the provider, and follows where it is led when it is told to."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.cookies = http.cookiejar.CookieJar()
        trust = ssl.create_default_context(cafile=str(provider.authority.certificate))
        https = urllib.request.HTTPSHandler(context=trust)
        self._opener = urllib.request.build_opener(https, urllib.request.HTTPCookieProcessor(self.cookies), _Stay())

    def ask(
        self, url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one request."""
        data = urlencode(form).encode() if form else None
        request = urllib.request.Request(url, data, dict(headers or {}))  # noqa: S310 - loopback
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read().decode(errors="replace"))

    def log_in(self, url: str, person: str) -> Answer:
        """Open a page, fill in what the provider asks for, and return what is there in the end."""
        answer = self.ask(url)
        for _ in range(20):
            if onward := answer.headers.get("Location"):
                url = urljoin(url, onward)
                answer = self.ask(url)
                continue
            action, prompt = (re.search(f'{what}="([^"]+)"', answer.body) for what in ("action", 'prompt" value'))
            if action is None or prompt is None:
                return answer
            url = urljoin(url, action[1])
            answer = self.ask(url, form={"prompt": prompt[1], "login": person, "password": "any"})
        raise AssertionError(f"no end of pages at {url}")


class Pod:
    """One pod of a server: MLflow and the proxy in front of it, or the proxy alone in front of somebody else."""

    def __init__(self, folder: Path, provider: IdentityProvider, client: Client, port: int, **fields: Any) -> None:
        """Say what it will be; ``fields`` are of the server's spec."""
        self.folder, self.provider, self.client = folder, provider, client
        self.port, self.inner = port, ports.free(1)[0]
        self.at = f"{'https' if 'tls' in fields else 'http'}://127.0.0.1:{port}"
        self._objects = everything(_server(provider, fields))
        self.secrets = self._secrets()
        self.processes: list[Process] = []

    @property
    def word(self) -> str:
        """The operator's login."""
        return self.secrets["mlflow-oauth2-proxy"]["password"]

    @property
    def operator(self) -> str:
        """The header of it."""
        return f"Basic {b64encode(f'mlflow-operator:{self.word}'.encode()).decode()}"

    @property
    def log(self) -> str:
        """What the proxy has written."""
        return self.processes[-1].log.read_text()

    def container(self, name: str) -> Object:
        """One of its containers."""
        spec = self._objects["Deployment", "mlflow"]["spec"]["template"]["spec"]
        return next(found for found in spec["containers"] if found["name"] == name)

    def start_mlflow(self) -> None:
        """Start MLflow as its container would, on files of the test."""
        deployment, home = self._objects["Deployment", "mlflow"], self.folder / "home"
        for below in ("database", "artifacts"):
            (home / below).mkdir(parents=True)
        place = {Path(volumes.DATABASE_FOLDER).parent.as_posix(): str(home)}
        programs_of_mlflow = mlflow_server.environment(mlflow_server.pinned_version()) / "bin"
        words = [str(self.inner) if word == BEHIND else word for word in self.container("mlflow")["command"][1:]]
        env = {name: _placed(value, place) for name, value in environment(deployment, {}).items()}
        env |= {"PYTHONPATH": "", "HOME": str(home), "PATH": f"{programs_of_mlflow}:{os.defpath}", "POD_IPS": "::1"}
        process = self._start("mlflow", [str(programs_of_mlflow / "python"), *words], env)
        waiting.until(lambda: _listens(process, self.inner), what=f"MLflow ({process.log})", seconds=120)

    def start_proxy(self, behind: int | None = None) -> None:
        """Start the proxy, in front of MLflow or of another port."""
        place = {
            "/etc/oauth2-proxy": self._files("login", self.secrets["mlflow-oauth2-proxy"]),
            "/etc/mlflow/issuer-authorities": str(self.provider.authority.folder),
            encryption.FOLDER: str(self.folder / "tls"),
            f"address={AT}": f"address=127.0.0.1:{self.port}",
            f"127.0.0.1:{BEHIND}": f"127.0.0.1:{behind or self.inner}",
        }
        found = self.container("oauth2-proxy")
        env = {v["name"]: v.get("value") or self._held(v["valueFrom"]["secretKeyRef"]) for v in found["env"]}
        binary = programs.build(programs.OAUTH2_PROXY) / "oauth2-proxy"
        # As the kubelet reads them.
        words = [_placed(word, place).replace("$$", "$") for word in found["args"]]
        process = self._start("proxy", [str(binary), *words], env)
        waiting.until(lambda: _listens(process, self.port), what=f"the proxy ({process.log})", seconds=30)

    def stop(self) -> None:
        """End what runs."""
        for process in reversed(self.processes):
            process.stop()

    def _start(self, name: str, words: list[str], env: Mapping[str, str]) -> Process:
        process = Process(f"{name}-{self.port}", self.folder)
        self.processes.append(process)
        process.start(words, env=env, folder=self.folder)
        return process

    def _secrets(self) -> dict[str, dict[str, str]]:
        made = [obj for (kind, _), obj in self._objects.items() if kind == "Secret"]
        found = {o["metadata"]["name"]: {k: b64decode(v).decode() for k, v in o["data"].items()} for o in made}
        return found | {"client": {"secret": self.client.secret}}

    def _held(self, reference: Object) -> str:
        return self.secrets[reference["name"]][reference["key"]]

    def _files(self, name: str, held: Mapping[str, str]) -> str:
        folder = self.folder / f"{name}-{self.port}"
        folder.mkdir()
        for key, value in held.items():
            (folder / key).write_text(value)
        return str(folder)


def logins(issuer: str) -> Object:
    """What the spec says of them."""
    return {
        "issuerURL": issuer,
        "clientID": "mlflow",
        "clientSecretRef": {"name": "client", "key": "secret"},
        "emailDomains": ["example.com"],
        "groups": ["ml"],
        "audiences": ["training"],
        "caBundle": {"configMapKeyRef": {"name": "issuer", "key": "ca.crt"}},
    }


def _server(provider: IdentityProvider, fields: Object) -> MLflowServer:
    said = logins(provider.issuer)
    spec = {"workers": 1, **SQLITE, "network": {"staticPrefix": PREFIX}, "auth": {"oauth2Proxy": said}, **fields}
    return MLflowServer.parse({"metadata": {"name": "mlflow", "namespace": "team", "uid": "1"}, "spec": spec})


def _placed(text: str, places: Mapping[str, str]) -> str:
    for there, here in places.items():
        text = text.replace(there, here)
    return text


def _listens(process: Process, port: int) -> bool:
    process.check()
    return ports.answers("127.0.0.1", port)
