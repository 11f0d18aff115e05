"""The way to a server: whose login goes where, and a port that kubectl forwards."""

import os
from pathlib import Path

import pytest

from mlflow_operator.kubectl.reaching.access import is_for, own_login
from mlflow_operator.kubectl.reaching.forward import forwarded
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, Stop
from mlflow_operator.kubectl.terminal.place import Place

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
    async with forwarded(flags, "service/mlflow", 5000) as port:
        assert port == 41234
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


async def test_without_kubectl_there_is_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says so."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Stop, match="pass --url"):
        async with forwarded([], "service/mlflow", 5000):
            pass
