"""With which login a server is asked, seen from that server."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from cluster.host import ports
from cluster.services.threaded import serving
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.errors import ApiError, LeadershipLost, Terminal
from mlflow_operator.kubectl.changing import keepers
from mlflow_operator.kubectl.reaching.access import reached, where
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, Stop
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from unit.kubectl.samples import Object, server

SEND_TO = "mlflow.talentflow.ai/send-to"
FORBIDDEN = ApiError(403, "Forbidden", "no")


class Somebody(Person):
    """A person who may read these, by kind, name or path, and meets no cluster."""

    def __init__(self, **known: Object | ApiError) -> None:
        self.namespace = "team-a"
        self._known = known

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object by its name."""
        found = self._known.get(name)
        if isinstance(found, ApiError):
            raise found
        return found

    async def anything(self, path: str) -> Object | None:
        """An object by the end of its path."""
        found = self._known.get(path.rpartition("/")[2].replace("-", "_"))
        return None if isinstance(found, ApiError) else found


@dataclass
class Mlflow:
    """A server that notes who asks."""

    url: str
    seen: list[str | None] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Nothing is in it."""
        self.seen.append(request.headers.get("Authorization"))
        return web.json_response({})


@pytest.fixture
async def mlflow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mlflow]:
    """That server, and an environment without logins and proxies."""
    for name in ("URI", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    port = ports.free(1)[0]
    found = Mlflow(f"http://127.0.0.1:{port}")
    with serving(found.answer, port):
        yield found


def elsewhere(url: str) -> MLflowServer:
    """An external server with a login."""
    return MLflowServer.parse(server(external={"url": url, "credentialsSecretRef": {"name": "login"}}))


def secret(send_to: str) -> Object:
    """The login, offered to a host."""
    data = {"username": b64encode(b"op").decode(), "password": b64encode(b"pw").decode()}
    return {"metadata": {"name": "login", "namespace": "team-a", "annotations": {SEND_TO: send_to}}, "data": data}


async def ask(person: Person, at: str, url: str | None = None) -> None:
    """Ask a server something; `url` is where the person reaches it."""
    async with reached(person, elsewhere(at), Place(), url=url) as registry:
        await registry.ping()


async def test_the_secret_of_the_server_logs_in_where_it_may_be_sent(mlflow: Mlflow) -> None:
    """By the annotation of the Secret, as the operator does it."""
    await ask(Somebody(login=secret("127.0.0.1:*")), mlflow.url)
    assert mlflow.seen == [f"Basic {b64encode(b'op:pw').decode()}"]
    with pytest.raises(Terminal, match="Secret login is not offered to"):
        await ask(Somebody(login=secret("mlflow.example.com")), mlflow.url)
    assert len(mlflow.seen) == 1


async def test_who_may_not_read_the_secret_is_told_of_the_variables(mlflow: Mlflow) -> None:
    """Nothing is asked without a login; exit code 3."""
    with pytest.raises(Stop, match=f"set MLFLOW_TRACKING_URI={mlflow.url} and MLFLOW_TRACKING_USERNAME") as stop:
        await ask(Somebody(login=FORBIDDEN), mlflow.url)
    assert (stop.value.code, mlflow.seen) == (UNKNOWN, [])


async def test_ones_own_login_is_taken_for_ones_own_server(mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --url always; else only where MLFLOW_TRACKING_URI is of the same host."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mine")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example.com")
    with pytest.raises(Stop, match="you may not read Secret login"):
        await ask(Somebody(login=FORBIDDEN), mlflow.url)
    await ask(Somebody(login=FORBIDDEN), "http://nowhere.example.com", url=mlflow.url)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow.url)
    await ask(Somebody(login=FORBIDDEN), mlflow.url)
    assert mlflow.seen == ["Bearer mine"] * 2


@pytest.mark.parametrize("mine", [False, True], ids=["of the operator", "of one's own"])
async def test_a_server_in_the_cluster_is_asked_with_a_login_where_it_asks_for_one(
    mlflow: Mlflow, mine: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that the operator has made, for who may read it; or one's own, where the variable names the server."""
    program = tmp_path / "kubectl"
    port = mlflow.url.removeprefix("http://")
    program.write_text(f"#!/bin/sh\necho 'Forwarding from {port} -> 5000'\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stores: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
    wanted = MLflowServer.parse(server(**stores | {"auth": {"basic": {}}}))
    made = secret("nowhere")
    person = Somebody(**{f"{wanted.metadata.name}-auth": FORBIDDEN if mine else made})
    if mine:
        with pytest.raises(Stop, match=f"you may not read Secret {wanted.metadata.name}-auth"):
            async with reached(person, wanted, Place()):
                pass
        monkeypatch.setenv("MLFLOW_TRACKING_URI", where(wanted).url)
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "mine")
    async with reached(person, wanted, Place()) as registry:
        await registry.ping()
    assert mlflow.seen == ["Bearer mine" if mine else f"Basic {b64encode(b'op:pw').decode()}"]


async def test_what_reads_cannot_write(mlflow: Mlflow) -> None:
    """A write is refused before it leaves, whoever would make one by mistake."""
    async with reached(Somebody(), elsewhere(mlflow.url), Place(), url=mlflow.url) as registry:
        with pytest.raises(LeadershipLost, match="never writes"):
            await registry.set_alias("fraud", "champion", "7")
    assert mlflow.seen == []


GIT = "https://bot:token@git.example.com/models.git"
SOURCES: dict[str, tuple[Object, dict[str, Object | ApiError], str]] = {
    "an Application": (
        {"annotations": {"argocd.argoproj.io/tracking-id": "models:x/y:team-a/fraud"}},
        {"models": {"spec": {"source": {"repoURL": GIT, "path": "prod", "targetRevision": "main"}}}},
        "its manifest in prod of https://git.example.com/models.git at main",
    ),
    "a Kustomization": (
        {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
        {
            "apps": {"spec": {"path": "./prod", "sourceRef": {"kind": "GitRepository", "name": "repo"}}},
            "repo": {"spec": {"url": GIT}},
        },
        "its manifest in prod of https://git.example.com/models.git",
    ),
    "what may not be looked at": (
        {"annotations": {"argocd.argoproj.io/tracking-id": "models:x/y:team-a/fraud"}},
        {"models": FORBIDDEN},
        "its manifest in Git",
    ),
}


@pytest.mark.parametrize("case", SOURCES)
async def test_the_place_in_git_is_named_by(case: str) -> None:
    """The repository and the folder, without the login that its address has in it."""
    marks, known, place = SOURCES[case]
    keeper = keepers.keeper({"metadata": {"name": "fraud", "namespace": "team-a", **marks}})
    assert keeper is not None
    assert await keepers.source(Somebody(**known), keeper) == place
