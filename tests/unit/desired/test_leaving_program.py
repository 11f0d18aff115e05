"""How a server ends while clients use it: the program of the container, with a real uvicorn."""

import http.client
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mlflow_operator.desired import endpoint
from mlflow_operator.desired.server.environment import server_environment
from mlflow_operator.desired.server.programs.start_server import polite
from unit.desired.container import running
from unit.desired.servers import EXISTING, server

pytestmark = pytest.mark.timeout(60)

End = Callable[[], object]
SERVER = server(EXISTING)


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[tuple[int, End]]:
    """The port of a server that answers, and what tells it to end."""
    with running(folder, **variables) as (process, port):
        deadline = time.monotonic() + 30
        while not _answers(port):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield port, process.terminate


def _answers(port: int) -> bool:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            return ask(connection) != ""
        except OSError:
            return False


def ask(connection: http.client.HTTPConnection, milliseconds: int = 0) -> str:
    """Ask, and return what the answer says of the connection."""
    connection.request("GET", f"/{milliseconds}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"ok")
    return answer.getheader("Connection") or "stays"


def is_closed(connection: http.client.HTTPConnection) -> bool:
    """Whether the server ends an open connection, within ten seconds."""
    assert connection.sock is not None
    connection.sock.settimeout(10)
    return connection.sock.recv(1) == b""


def test_a_client_that_stays_on_its_connection_is_answered_and_told_to_go(tmp_path: Path) -> None:
    """The server has been told to end between two requests; the second is answered, and is the last."""
    with serving(tmp_path) as (port, end), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
        assert ask(client) == "stays"
        end()
        time.sleep(1)
        assert ask(client) == "close"


def test_an_answer_that_has_begun_is_finished_and_the_next_one_is_the_last(tmp_path: Path) -> None:
    """Its client was told that the connection stays, and asks again at once."""
    with serving(tmp_path) as (port, end), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
        threading.Timer(0.3, end).start()
        assert ask(client, milliseconds=1500) == "stays"
        assert ask(client) == "close"


def test_a_client_that_keeps_silent_does_not_keep_the_server(tmp_path: Path) -> None:
    """Its connection is closed within seconds, and so the process ends before the kubelet kills it."""
    with serving(tmp_path) as (port, end), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
        client.connect()
        time.sleep(0.5)
        end()
        assert is_closed(client)


def test_a_connection_that_is_not_used_for_a_while_is_not_closed(tmp_path: Path) -> None:
    """Proxies keep theirs for a minute and longer; uvicorn by itself closes it after five seconds."""
    (kept,) = (
        v for v in server_environment(SERVER, endpoint(SERVER, "cluster.local")) if v["name"].startswith("UVICORN")
    )
    with (
        serving(tmp_path, **{kept["name"]: kept["value"]}) as (port, _),
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client,
    ):
        ask(client)
        time.sleep(7)
        assert ask(client) == "stays"
    assert int(kept["value"]) > 90


@pytest.mark.parametrize("workers", ["1", "2"])
def test_clients_that_never_pause_lose_no_request(tmp_path: Path, workers: str) -> None:
    """Eight of them, each until it is told to go."""
    told: list[str] = []

    def go_on(port: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
            while (said := ask(client, milliseconds=2)) == "stays":
                pass
            told.append(said)

    with serving(tmp_path, MLFLOW_WORKERS=workers) as (port, end):
        clients = [threading.Thread(target=go_on, args=(port,)) for _ in range(8)]
        for client in clients:
            client.start()
        time.sleep(0.5)
        end()
        for client in clients:
            client.join()
    assert told == ["close"] * 8


def test_a_protocol_of_the_user_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words for uvicorn in MLFLOW_UVICORN_OPTS, and UVICORN_HTTP."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = {"MLFLOW_UVICORN_OPTS": "--http h11"}
    with serving(tmp_path, **given) as (port, end), closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        ask(client)
        end()
        time.sleep(1)
        with pytest.raises(http.client.RemoteDisconnected):
            ask(client)
    assert polite("", "", {"UVICORN_HTTP": "httptools"}, (0, 54))["UVICORN_HTTP"] == "httptools"


@pytest.mark.parametrize("uvicorn", [(), (0, 36)])
def test_what_takes_no_other_protocol_is_given_none(uvicorn: tuple[int, ...]) -> None:
    """An older uvicorn would not start with one; an image may have none."""
    assert polite("text", "text", {"PATH": "/bin"}, uvicorn) == {"PATH": "/bin"}
