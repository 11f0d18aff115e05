"""The way to a server: whose login goes where, and a port that kubectl forwards."""

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from cluster.host import ports
from cluster.services.threaded import serving
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.kubectl.reaching.access import is_for, own_login, reached
from mlflow_operator.kubectl.reaching.commands import Log, logs, ui
from mlflow_operator.kubectl.reaching.forward import forwarded
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, WRONG, Stop
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from unit.kubectl.samples import Object, server
from unit.signing import signed

MINE = {"MLFLOW_TRACKING_URI": "https://MLflow.example.com/", "MLFLOW_TRACKING_USERNAME": "me"}


def test_the_login_is_that_of_mlflows_own_client() -> None:
    """A token, or a name with its password; half of one is none."""
    assert own_login({"MLFLOW_TRACKING_TOKEN": "t", "MLFLOW_TRACKING_USERNAME": "me"}) == (
        ("Authorization", "Bearer t"),
    )
    assert own_login({**MINE, "MLFLOW_TRACKING_PASSWORD": "pw"}) == (("Authorization", "Basic bWU6cHc="),)
    assert own_login(MINE) == ()


def test_ones_own_login_goes_to_ones_own_server_alone() -> None:
    """Whoever writes an MLflowServer with another host in it does not get it."""
    assert is_for(MINE, "https://mlflow.example.com/prefix")
    assert not is_for(MINE, "http://mlflow.example.com")
    assert not is_for(MINE, "https://mlflow.example.com:8443")
    assert not is_for(MINE, "https://mlflow.example.com.evil.example")
    assert not is_for({}, "https://mlflow.example.com")


KUBECTL = """#!/bin/sh
echo "$@" > {folder}/words
case "$5" in
  service/gone) echo 'Error from server (NotFound): services "gone" not found' >&2; exit 1;;
esac
echo $$ > {folder}/pid
echo "Forwarding from 127.0.0.1:41234 -> 5000"
exec sleep 60
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kubectl that forwards nothing and says that it does, first on the PATH."""
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


async def test_a_port_is_forwarded_for_as_long_as_it_is_needed(folder: Path) -> None:
    """In the place of the command; kubectl ends with it."""
    flags = Place(context="prod").flags("team-a")
    async with forwarded(flags, "service/mlflow", 5000) as local:
        assert local.port == 41234
        pid = int((folder / "pid").read_text())
    words = "port-forward --namespace=team-a --context=prod --address=127.0.0.1 service/mlflow :5000"
    assert (folder / "words").read_text().strip() == words
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_what_cannot_be_forwarded_is_said_in_kubectls_words(folder: Path) -> None:
    """Exit code 3: MLflow could not be asked."""
    with pytest.raises(Stop, match=r"services \"gone\" not found") as stop:
        async with forwarded(Place(context="prod").flags("team-a"), "service/gone", 5000):
            pass
    assert stop.value.code == UNKNOWN


class Somebody(Person):
    """A person who sees these objects and no cluster."""

    def __init__(self, *objects: Object) -> None:
        self.namespace = "team-a"
        self._objects = objects

    async def read(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """One of them."""
        return next(obj for obj in self._objects if (obj["kind"], obj["metadata"]["name"]) == (kind, name))

    async def many(self, kind: str, namespace: str | None, *, labels: str = "", fields: str = "") -> list[Object]:
        """Those of a kind."""
        return [obj for obj in self._objects if obj["kind"] == kind]


DEPLOYED = server(
    backendStore={"sqlite": {"size": "1Gi"}},
    artifactStore={"persistentVolume": {"size": "1Gi"}},
    network={"staticPrefix": "/mlflow"},
)
POD = {"kind": "Pod", "metadata": {"name": "mlflow-1"}}


async def test_the_ui_is_at_a_port_of_ones_own_until_kubectl_ends(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its URL has the prefix of the server; when the pod goes, the command says that it has ended."""
    ending = KUBECTL.format(folder=folder).replace("exec sleep 60", "sleep 0.2")
    (folder / "kubectl").write_text(ending)
    with pytest.raises(Stop, match="kubectl has ended"):
        await ui(Place(), "mlflow", 5005, browse=False)(Somebody(DEPLOYED))
    assert capsys.readouterr().out == "http://127.0.0.1:41234/mlflow/\n"
    assert (folder / "words").read_text().strip().endswith("service/mlflow 5005:5000")


async def test_the_ui_of_an_external_server_is_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is forwarded."""
    assert await ui(Place(), "mlflow", None, browse=False)(Somebody(server())) == 0
    assert capsys.readouterr().out == "http://mlflow.example.com\n"


def at_provider(**more: Any) -> Object:
    """A server whose logins are a provider's."""
    said = {"issuerURL": "https://login.example.com/realms/ml", "clientID": "mlflow", "emailDomains": ["*"]}
    auth = {"oauth2Proxy": said | {"clientSecretRef": {"name": "client", "key": "secret"}}}
    kept: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}
    return server(**kept, auth=auth, network={"staticPrefix": "/ml"}, **more)


async def test_logins_at_a_provider_begin_at_the_route(capsys: pytest.CaptureFixture[str]) -> None:
    """The provider knows that address, and no forwarded port; so none is forwarded."""
    routed = at_provider(ingress={"host": "ml.example.com", "tls": {"secretName": "a"}})
    assert await ui(Place(), "mlflow", None, browse=False)(Somebody(routed)) == 0
    assert capsys.readouterr().out == "https://ml.example.com/ml\n"


async def test_without_a_route_the_address_that_the_provider_has_to_know_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the port, which a person can choose to be one that is registered."""
    (folder / "kubectl").write_text(KUBECTL.format(folder=folder).replace("exec sleep 60", "sleep 0.2"))
    with pytest.raises(Stop, match="kubectl has ended"):
        await ui(Place(), "mlflow", 41234, browse=False)(Somebody(at_provider()))
    told = capsys.readouterr()
    assert told.out == "http://127.0.0.1:41234/ml/\n"
    assert "it asks for a login at login.example.com" in told.err
    assert "http://127.0.0.1:41234/ml/oauth2/callback" in " ".join(told.err.split())


ENCRYPTED = server(
    backendStore={"sqlite": {}}, artifactStore={"persistentVolume": {}}, tls={"secretName": "certificate"}
)


async def test_a_server_with_https_is_asked_by_https(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a port that kubectl forwards, at which the certificate is for another name; the UI is there too."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({})

    port = ports.free(1)[0]
    said = KUBECTL.format(folder=folder).replace("41234", str(port))
    (folder / "kubectl").write_text(said)
    wanted = MLflowServer.parse(ENCRYPTED)
    with serving(answer, port, signed("mlflow.team-a.svc.cluster.local").served):
        async with reached(Somebody(ENCRYPTED), wanted, Place()) as registry:
            await registry.ping()
    (folder / "kubectl").write_text(said.replace("exec sleep 60", "sleep 0.2"))
    with pytest.raises(Stop, match="kubectl has ended"):
        await ui(Place(), "mlflow", None, browse=False)(Somebody(ENCRYPTED))
    assert capsys.readouterr().out == f"https://127.0.0.1:{port}/\n"


LOGS = {"of the server": (False, "server"), "of the preparation": (True, "prepare")}


@pytest.mark.parametrize("case", LOGS)
async def test_logs_are_those_of_the_pods_of_one_component(folder: Path, case: str) -> None:
    """By their labels, which never change."""
    preparation, component = LOGS[case]
    (folder / "kubectl").write_text(f'#!/bin/sh\necho "$@" > {folder}/words\n')
    command = logs(Place(user="vera"), "mlflow", Log(follow=True, preparation=preparation, tail=7))
    assert await command(Somebody(DEPLOYED, POD)) == 0
    labels = f"app.kubernetes.io/name=mlflow,app.kubernetes.io/instance=mlflow,app.kubernetes.io/component={component}"
    words = f"logs --namespace=team-a --as=vera --selector={labels} --tail=7 --prefix --all-containers --follow"
    assert (folder / "words").read_text().strip() == words


async def test_there_are_no_logs_of_pods_that_are_not_there() -> None:
    """Nor of a server that is elsewhere; the next command, or the place, is said."""
    for objects, why in (((DEPLOYED,), "kubectl mlflow doctor mls/mlflow"), ((server(),), "its logs are there")):
        with pytest.raises(Stop, match=why) as stop:
            await logs(Place(), "mlflow", Log(False, False, 7))(Somebody(*objects))
        assert stop.value.code == WRONG


async def test_without_kubectl_there_is_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says so."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Stop, match="pass --url"):
        async with forwarded([], "service/mlflow", 5000):
            pass
