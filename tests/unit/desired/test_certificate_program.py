"""How a server comes by its certificate, and by the next one: the program of the container, with a real uvicorn."""

import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mlflow_operator.desired.server import encryption
from unit.desired.container import running
from unit.signing import Pair, signed

pytestmark = pytest.mark.timeout(60)

# Says so where the server runs, and not where its program begins.
IMAGE = """import os, sys
if "MLFLOW_SERVER_CERTIFICATE_FOLDER" in os.environ:
    print("of the image", file=sys.stderr)
"""

Start = Callable[..., "Server"]


class Server:
    """The program of the container, with the certificate in a folder."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def connect(self, trusting: Pair) -> ssl.SSLSocket:
        """A connection of a client that trusts this certificate."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return trusting.trusted.wrap_socket(plain, server_hostname="localhost")

    def shows(self, pair: Pair) -> bool:
        """Whether a new connection gets this certificate."""
        try:
            with closing(self.connect(pair)) as connection:
                return answers(connection)
        except OSError:
            return False

    def wait(self, holds: Callable[[], bool]) -> None:
        """Until something holds, as long as the process runs."""
        while not holds():
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)


def answers(connection: ssl.SSLSocket) -> bool:
    """Whether a request on an open connection is answered."""
    return asked(connection).startswith(b"HTTP/1.1 200")


def asked(connection: ssl.SSLSocket) -> bytes:
    """The whole answer to a request."""
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while not answer.endswith(b"ok"):
        piece = connection.recv(65536)
        if not piece:
            return b""
        answer += piece
    return answer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program as the container does."""
    with ExitStack() as all_of_them:

        def begin(folder: Path, **variables: str) -> Server:
            words = ["--certificate", str(folder), encryption.following()]
            process, port = all_of_them.enter_context(running(tmp_path, *words, **variables))
            return Server(process, port, tmp_path / "log")

        yield begin


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the certificate is mounted."""
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    return mounted


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_renewed_certificate_is_served_without_a_restart(start: Start, folder: Path, workers: str) -> None:
    """By every worker to whoever comes from then on; whoever is connected stays so."""
    before, after = signed(), signed()
    before.write(folder)
    server = start(folder, MLFLOW_WORKERS=workers)
    server.wait(lambda: server.shows(before))
    with closing(server.connect(before)) as open_:
        assert answers(open_)
        after.write(folder)
        server.wait(lambda: server.shows(after))
        assert [server.shows(after) for _ in range(20)] == [True] * 20
        assert not server.shows(before)
        assert answers(open_)
    assert "has changed and is served from now on" in server.log.read_text()


def test_what_cannot_be_served_is_not(start: Start, folder: Path) -> None:
    """A certificate with the key of another: the one before goes on, and the next that fits is taken."""
    before, after = signed(), signed()
    before.write(folder)
    server = start(folder)
    server.wait(lambda: server.shows(before))
    Pair(after.certificate, before.key).write(folder)
    assert server.shows(before)
    assert "cannot be served, so the one before is: " in server.log.read_text()
    after.write(folder)
    server.wait(lambda: server.shows(after))


def test_a_server_does_not_start_with_a_certificate_that_is_none(start: Start, folder: Path) -> None:
    """It says so in the end of its log, which becomes the message of its MLflowServer, and shows nothing of the key."""
    one, other = signed(), signed()
    Pair(one.certificate, other.key).write(folder)
    server = start(folder)
    assert server.process.wait() == 1
    said = server.log.read_text()
    assert "the certificate of spec.tls cannot be served" in said
    assert "tls.key the private key of the same" in said
    assert other.key.splitlines()[1] not in said


def test_what_the_image_and_the_user_start_with_is_kept(start: Start, folder: Path, tmp_path: Path) -> None:
    """A `sitecustomize` of the image runs as well, and words for uvicorn in env stay."""
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "sitecustomize.py").write_text(IMAGE)
    pair = signed()
    pair.write(folder)
    path = f"{tmp_path / 'image'}:{tmp_path / 'programs'}"
    server = start(folder, PYTHONPATH=path, MLFLOW_UVICORN_OPTS="--header x-of:user")
    server.wait(lambda: server.shows(pair))
    assert "of the image" in server.log.read_text()
    with closing(server.connect(pair)) as connection:
        assert b"x-of: user" in asked(connection)
