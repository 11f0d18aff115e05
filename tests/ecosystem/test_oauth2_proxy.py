"""What stands in front of MLflow lets in whom it should: the real proxy, a real provider and a real MLflow."""

import http.client
import http.server
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cluster.companions.identity_provider import Client, IdentityProvider
from cluster.fixtures import available
from cluster.host import ports
from cluster.host.errors import ClusterError
from cluster.plane import programs
from ecosystem.proxied import PREFIX, SEARCH, Answer, Browser, Pod, logins
from mlflow_operator.api.server.oauth2_proxy import ALLOWED_ARGS

pytestmark = pytest.mark.ecosystem

BRIEF = 1
"""Seconds for which one client's tokens hold."""


class Shown(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that it was sent, after as many seconds as the path ends with."""

    def do_GET(self) -> None:
        """Answer."""
        time.sleep(int(self.path.rpartition("/")[2] or 0))
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> int:
    """Where the server is; the provider has to know it."""
    return ports.free(1)[0]


@pytest.fixture(scope="module")
def client(port: int) -> Client:
    """How the provider knows the server."""
    return Client("mlflow", f"http://127.0.0.1:{port}{PREFIX}/oauth2/callback")


@pytest.fixture(scope="module")
def provider(session_folder: Path, client: Client) -> Iterator[IdentityProvider]:
    """A provider that knows the server, and three programs more."""
    folder = session_folder / "provider"
    folder.mkdir()
    found = IdentityProvider(folder, (client, Client("training"), Client("other"), Client("brief", seconds=BRIEF)))
    with available():
        found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def pod(session_folder: Path, provider: IdentityProvider, client: Client, port: int) -> Iterator[Pod]:
    """MLflow with the proxy in front."""
    folder = session_folder / "pod"
    folder.mkdir()
    found = Pod(folder, provider, client, port)
    with available():
        programs.build(programs.OAUTH2_PROXY)
        found.start_mlflow()
    found.start_proxy()
    yield found
    found.stop()


@pytest.fixture
def shown() -> Iterator[int]:
    """The port of somebody who shows what it was sent."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def in_front(shown: int, pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path) -> Iterator[Pod]:
    """The proxy in front of that one."""
    found = Pod(tmp_path, provider, client, ports.free(1)[0])
    found.start_proxy(behind=shown)
    yield found
    found.stop()


def asked(pod: Pod, path: str = SEARCH, *, login: str = "", claimed: Mapping[str, str] | None = None) -> Answer:
    """What somebody is answered who keeps no cookies."""
    own = {"Authorization": login} if login else {}
    return Browser(pod.provider).ask(f"{pod.at}{path}", headers={**own, **(claimed or {})})


def bearer(pod: Pod, program: str = "mlflow", person: str = "ada") -> str:
    """The header with a token that somebody has got for a program."""
    return f"Bearer {pod.provider.id_token(program, person)}"


def test_a_person_logs_in_and_a_cookie_that_every_proxy_takes_is_enough(pod: Pod) -> None:
    """From the page that was asked for to the provider, and back to the page; no token is in the cookie."""
    browser = Browser(pod.provider)
    page = browser.log_in(f"{pod.at}{PREFIX}/", "ada")
    assert page.status == 200
    assert "<title>MLflow</title>" in page.body
    assert browser.ask(f"{pod.at}{SEARCH}").status == 200
    (cookie,) = [c for c in browser.cookies if c.domain == "127.0.0.1" and c.path == PREFIX]
    assert cookie.value
    assert len(cookie.value) < 1000


@pytest.mark.parametrize("person", ["bob", "eve"])
def test_who_is_of_another_group_or_domain_is_sent_away(pod: Pod, person: str) -> None:
    """Though the provider knows them: a page says so, and a token does not help either."""
    browser = Browser(pod.provider)
    assert browser.log_in(f"{pod.at}{PREFIX}/", person).status == 403
    assert browser.ask(f"{pod.at}{SEARCH}").status == 401
    assert asked(pod, login=bearer(pod, person=person)).status == 403


def test_programs_log_in_by_a_token_of_the_issuer(pod: Pod) -> None:
    """For the server itself, or an audience that the spec names; without one they are told 401, and led nowhere."""
    assert asked(pod, login=bearer(pod)).status == 200
    assert asked(pod, login=bearer(pod, "training")).status == 200
    assert asked(pod, login=bearer(pod, "other")).status == 401
    assert (asked(pod).status, asked(pod).headers.get("Location")) == (401, None)


def test_a_token_that_is_forged_or_over_is_none(pod: Pod) -> None:
    """Another signature, another person in it, and one whose time has come."""
    token = bearer(pod)
    head, claims, signature = token.split(".")
    other = b64encode(b'{"sub":"ada"}').decode().rstrip("=")
    for forged in (f"{head}.{claims}.{signature[:-8]}AAAAAAAA", f"{head}.{other}.{signature}"):
        assert asked(pod, login=forged).status == 401
    brief = bearer(pod, "brief")
    time.sleep(BRIEF + 1)
    assert asked(pod, login=brief).status == 401


def test_the_operator_gets_in_with_its_own_login(pod: Pod) -> None:
    """Without a person, in spite of domains and groups; and nobody else by a password."""
    assert asked(pod, login=pod.operator).status == 200
    for wrong in ("mlflow-operator:", "mlflow-operator:guess", f"admin:{pod.word}"):
        assert asked(pod, login=f"Basic {b64encode(wrong.encode()).decode()}").status == 401


@pytest.mark.parametrize(
    "path",
    [
        f"{PREFIX}/health/",
        f"{PREFIX}//health",
        f"{PREFIX}/health/../api/2.0/mlflow/experiments/search",
        f"{PREFIX}/health%2f..%2fversion",
        f"{PREFIX}/version",
        f"{PREFIX}/get-artifact?path=a&run_uuid=b",
        "/health",
        "/api/2.0/mlflow-artifacts/artifacts",
        f"{PREFIX}/static-files/main.js",
        f"{PREFIX}/",
        "/",
    ],
)
def test_only_the_health_is_open(pod: Pod, path: str) -> None:
    """Also for who names it in a header for another page; all else is 401, or leads to the login."""
    assert asked(pod, f"{PREFIX}/health").body == "OK"
    for claimed in ({}, {"X-Forwarded-Uri": f"{PREFIX}/health"}, {"X-Forwarded-For": "127.0.0.1"}):
        found = asked(pod, path, claimed=claimed)
        assert found.status in (301, 302, 401, 404), found.body
        if found.status == 302:
            assert found.headers["Location"].startswith(pod.provider.issuer)


def test_the_health_is_open_to_no_other_method(pod: Pod) -> None:
    """Whatever MLflow would do of it."""
    assert Browser(pod.provider).ask(f"{pod.at}{PREFIX}/health", form={"a": "b"}).status in (302, 401, 403)


def test_mlflow_itself_is_reached_from_its_pod_alone(pod: Pod) -> None:
    """Past the proxy there is no way: it listens at one address, which nobody else can reach."""
    with socket.create_connection(("127.0.0.1", pod.inner), timeout=5):
        pass
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", pod.inner), timeout=5):
        pass


def test_mlflow_is_told_who_asks_and_never_by_what_login(in_front: Pod) -> None:
    """What a client says of itself is replaced, and no word or token that opens something is handed on."""
    claimed = dict.fromkeys(("X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups"), "root")
    for login, user, groups in ((bearer(in_front), "ada", "ml"), (in_front.operator, "mlflow-operator", "ml")):
        answer = asked(in_front, f"{PREFIX}/api/0", login=login, claimed=claimed)
        told = json.loads(answer.body)
        assert (told["x-forwarded-user"], told["x-forwarded-groups"]) == (user, groups)
        assert "root" not in answer.body
        assert login.partition(" ")[2] not in answer.body
        assert told["authorization"] == f"Basic {b64encode(f'{user}:unused'.encode()).decode()}"


def test_mlflow_takes_nobody_for_somebody_of_its_own_host(in_front: Pod, pod: Pod) -> None:
    """Whom it lets do more: whatever a client claims, the last address is its own, and that is what MLflow goes by."""
    claims: tuple[dict[str, str], ...] = (
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "127.0.0.1", "Connection": "X-Forwarded-For"},
    )
    for claimed in claims:
        connection = http.client.HTTPConnection("127.0.0.1", in_front.port, source_address=("127.0.0.9", 0))
        connection.request("GET", f"{PREFIX}/api/0", headers={"Authorization": in_front.operator, **claimed})
        told = json.loads(connection.getresponse().read())
        connection.close()
        assert told["x-forwarded-for"].split(", ")[-1] == "127.0.0.9"
    for addresses, status in (("127.0.0.1, 192.0.2.7", 403), ("127.0.0.1", 422)):
        straight = http.client.HTTPConnection("127.0.0.1", pod.inner)
        headers = {"X-Forwarded-For": addresses, "Host": "localhost", "Content-Type": "application/json"}
        straight.request("PUT", f"{PREFIX}/ajax-api/3.0/mlflow/assistant/config", body="[]", headers=headers)
        assert straight.getresponse().status == status
        straight.close()


def test_a_session_holds_at_every_pod(pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path) -> None:
    """All of them have the key of the cookies, so a pod that goes takes no login with it."""
    browser = Browser(provider)
    browser.log_in(f"{pod.at}{PREFIX}/", "ada")
    another = Pod(tmp_path, provider, client, ports.free(1)[0])
    another.start_proxy(behind=pod.inner)
    try:
        assert browser.ask(f"{another.at}{SEARCH}").status == 200
    finally:
        another.stop()


@pytest.mark.parametrize("other", [{"groups": ["sales"]}, {"emailDomains": ["example.org"]}], ids=["group", "domain"])
def test_a_session_is_measured_by_the_spec_of_now(
    pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path, other: dict[str, Any]
) -> None:
    """Who has logged in before groups or domains were changed is sent away with the next request."""
    browser = Browser(provider)
    browser.log_in(f"{pod.at}{PREFIX}/", "ada")
    auth = {"oauth2Proxy": logins(provider.issuer) | other}
    stricter = Pod(tmp_path, provider, client, ports.free(1)[0], auth=auth)
    stricter.start_proxy(behind=pod.inner)
    try:
        assert browser.ask(f"{stricter.at}{SEARCH}").status == 403
    finally:
        stricter.stop()


def test_what_is_under_way_is_answered_when_the_proxy_is_told_to_end(in_front: Pod) -> None:
    """The pod's end cuts no upload off."""
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(asked, in_front, f"{PREFIX}/api/3", login=in_front.operator)
        time.sleep(1)
        in_front.stop()
        assert answer.result().status == 200


def test_an_issuer_that_cannot_be_asked_is_told_of_in_the_last_words(
    pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path
) -> None:
    """So the pod's crash says what to correct."""
    wrong = {"oauth2Proxy": logins(f"{provider.issuer}/another")}
    lost = Pod(tmp_path, provider, client, ports.free(1)[0], auth=wrong)
    try:
        with pytest.raises(ClusterError, match=r"error building OIDC ProviderVerifier.*404"):
            lost.start_proxy(behind=pod.inner)
    finally:
        lost.stop()


def test_the_issuer_is_asked_by_a_forward_proxy(
    pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path
) -> None:
    """Where the spec names one, which has to find the issuer's name, too."""
    with socket.create_server(("127.0.0.1", 0)) as forward, ThreadPoolExecutor() as pool:
        logins_by = logins("https://login.example.test") | {
            "httpsProxy": f"http://127.0.0.1:{forward.getsockname()[1]}"
        }
        away = Pod(tmp_path, provider, client, ports.free(1)[0], auth={"oauth2Proxy": logins_by})
        starting = pool.submit(away.start_proxy, behind=pod.inner)
        connection, _ = forward.accept()
        with connection:
            asked_for = connection.recv(4096).decode()
        with pytest.raises(ClusterError, match="ended by itself"):
            starting.result()
        away.stop()
    assert asked_for.startswith("CONNECT login.example.test:443 ")


def test_an_artifact_passes_without_being_held(pod: Pod) -> None:
    """Up and down; the proxy stays within what it asks its node for."""
    size, chunk = 256 * 2**20, b"x" * 2**20
    path = f"{PREFIX}/api/2.0/mlflow-artifacts/artifacts/0/large"
    connection = http.client.HTTPConnection("127.0.0.1", pod.port, timeout=120)
    headers = {"Authorization": pod.operator, "Content-Length": str(size)}
    connection.request("PUT", path, body=(chunk for _ in range(size // len(chunk))), headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"{}")
    connection.request("GET", path, headers={"Authorization": pod.operator})
    answer, found = connection.getresponse(), 0
    while part := answer.read(2**20):
        found += len(part)
    connection.close()
    assert (answer.status, found) == (200, size)
    status = Path(f"/proc/{pod.processes[-1].pid}/status").read_text()
    highest = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert highest
    assert int(highest[1]) < 64 * 1024


def test_a_request_may_take_longer_than_half_a_minute(in_front: Pod) -> None:
    """As an upload does whose answer comes when all of it is in the store."""
    assert asked(in_front, f"{PREFIX}/api/32", login=in_front.operator).status == 200


def test_what_opens_something_is_in_no_log(pod: Pod) -> None:
    """Neither a login that was right nor one that was wrong, nor a code of the provider; who asked is."""
    token, wrong = bearer(pod), bearer(pod, "other")
    asked(pod, login=token)
    asked(pod, login=wrong)
    asked(pod, login="Bearer not-a-token-of-anybody")
    asked(pod, login="Bearer two words")
    asked(pod, login=f"Basic {b64encode(b'no-colon-in-it').decode()}")
    asked(pod, login=pod.operator)
    Browser(pod.provider).log_in(f"{pod.at}{PREFIX}/", "ada")
    log = pod.log
    held = [value for secret in pod.secrets.values() for key, value in secret.items() if key != "username"]
    sent = [word.partition(" ")[2] for word in (token, wrong, pod.operator)]
    tried = ["not-a-token-of-anybody", "two words", "no-colon-in-it", b64encode(b"no-colon-in-it").decode()]
    assert [word for word in (*held, *sent, *tried) if word.strip() in log] == []
    assert re.search(r"[?&]code=", log) is None
    assert "ada@example.com" in log
    assert "does not match with any of allowed audiences" in log
    assert f'"{PREFIX}/health"' not in log


def test_it_serves_the_certificate_of_the_server(
    pod: Pod, provider: IdentityProvider, client: Client, tmp_path: Path
) -> None:
    """HTTPS alone, to MLflow in plain text within the pod."""
    at = ports.free(1)[0]
    safe = Pod(tmp_path, provider, client, at, tls={"secretName": "certificate"})
    provider.authority.issue("proxy", "/CN=mlflow", "IP:127.0.0.1")
    (tmp_path / "tls").mkdir()
    for kind in ("crt", "key"):
        (tmp_path / "tls" / f"tls.{kind}").write_bytes((provider.authority.folder / f"proxy.{kind}").read_bytes())
    safe.start_proxy(behind=pod.inner)
    try:
        assert asked(safe, login=safe.operator).status == 200
        led = asked(safe, f"{PREFIX}/").headers["Location"]
        assert f"redirect_uri=https%3A%2F%2F127.0.0.1%3A{at}%2Fml%2Foauth2%2Fcallback" in led
        with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", at), timeout=5) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
    finally:
        safe.stop()


def test_every_flag_is_one_that_the_proxy_knows(pod: Pod) -> None:
    """Those that are set, and those that the spec may have more."""
    binary = programs.build(programs.OAUTH2_PROXY) / "oauth2-proxy"
    told = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False)
    known = set(re.findall(r"--([a-z0-9-]+)", told.stdout + told.stderr))
    used = {word.removeprefix("--").partition("=")[0] for word in pod.container("oauth2-proxy")["args"]}
    assert (used | set(ALLOWED_ARGS)) - known == set()
