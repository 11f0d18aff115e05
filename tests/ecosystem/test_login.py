"""Logins at an OpenID provider on a real node: oauth2-proxy, Traefik with HTTPS, Chromium, and MLflow's own client."""

import base64
import json
import os
import time
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cluster.companions import traefik as controller
from cluster.companions.browser import chromium
from cluster.companions.identity_provider import IdentityProvider
from cluster.companions.traefik import Traefik
from cluster.fixtures import available
from cluster.host import folders
from cluster.nodes import images
from cluster.nodes.node import LocalNode
from cluster.services.team import Object, Team, condition, is_ready
from demo import installation
from e2e import teams
from e2e.client import ClientPod
from ecosystem import login, programs
from ecosystem.login import HOST, SEARCH, URL, ask, bearer
from ecosystem.steps import until

pytestmark = pytest.mark.ecosystem

MODEL = "fraud"
PICTURE = folders.CHECKOUT / "docs" / "images" / "mlflow-logged-in.png"
LARGEST_PICTURE = 150_000
MANY = 600
"""Pairs of a method and a path that MLflow 3.17 serves at least."""
AROUND = (
    *("/health/", "/health/x", "/healthz", "/HEALTH", "/health?x=1", "/x/health", "/health%00", "/health;x"),
    *("//api/2.0/mlflow/experiments/search", "/health/../api/2.0/mlflow/experiments/search", "/health/%2e%2e/version"),
    *(
        "/oauth2/../version",
        "/oauth2/ping/../../version",
        "/oauth2/static/../../version",
        "/ping",
        "/ready",
        "/metrics",
    ),
    *("/oauth2/userinfo", "/oauth2/auth", "/api/2.0/mlflow-artifacts/artifacts/../../../../version"),
)
"""Paths by which somebody could get around the proxy."""


@pytest.fixture(scope="module")
def identity_provider(local_node: LocalNode) -> Iterator[IdentityProvider]:
    """Where people log in."""
    tool = login.provider_at_the_node(local_node)
    with available():
        tool.start()
    yield tool
    tool.stop()


@pytest.fixture(scope="module")
def team(local_node: LocalNode, traefik: Traefik, identity_provider: IdentityProvider) -> Iterator[Team]:
    """A team whose server has been behind a login from its first start on."""
    local_node.load(images.OAUTH2_PROXY)
    with teams.restricted_team(local_node) as team:
        objects = {"apiVersion": "v1", "kind": "List", "items": login.objects(team, identity_provider)}
        local_node.kubectl("-n", team.namespace, "apply", "-f", "-", text=json.dumps(objects))
        team.until("mlflowserver", "mlflow", is_ready, seconds=teams.START_SECONDS)
        yield team


@pytest.fixture(scope="module")
def client(local_node: LocalNode, team: Team) -> ClientPod:
    """A pod of the team, for which the host is where the controller is, and which trusts the authority of both."""
    env = {"AUTHORITY": {"name": "login", "key": "ca.crt"}}
    return ClientPod(local_node, team.namespace, URL, env=env, hosts={controller.ADDRESS: [HOST]})


@pytest.fixture(scope="module")
def browser(team: Team, identity_provider: IdentityProvider) -> Iterator[Browser]:
    """Chromium, which knows the host and the provider."""
    files = tuple(identity_provider.authority.folder / f"{name}.crt" for name in ("route", "identity-provider"))
    with available(), chromium({HOST: controller.ADDRESS}, files) as found:
        yield found


@pytest.fixture(scope="module")
def model(client: ClientPod, identity_provider: IdentityProvider) -> str:
    """A model with three versions, which a program logged and registered that had nothing but a person's token."""
    token = identity_provider.id_token("mlflow", "ada")
    found = client.python(programs.CLIENT, text=json.dumps([token, URL, MODEL])).splitlines()[-1]
    assert json.loads(found) == [0.9, "a model"]
    return MODEL


@pytest.fixture(scope="module")
def ada(browser: Browser) -> Page:
    """Somebody of the team who has logged in."""
    page = login.person(browser).new_page()
    login.log_in(page, "ada")
    page.wait_for_url(f"{URL}/**")
    expect(page.get_by_text("Welcome to MLflow")).to_be_visible(timeout=60_000)
    return page


def test_the_server_says_how_it_is_protected(team: Team, identity_provider: IdentityProvider) -> None:
    """By logins at the provider, whom it names, and HTTPS on all of the way."""
    server = team.until("mlflowserver", "mlflow", lambda obj: condition(obj, "Secured")["status"] == "True")
    assert identity_provider.issuer.partition("://")[2] in condition(server, "Secured")["message"]
    assert server["status"]["externalURL"] == URL


def test_people_are_sent_to_the_provider_and_programs_are_not(
    client: ClientPod, identity_provider: IdentityProvider
) -> None:
    """Who opens a page is led to its login; who asks the API is told that a login is missing."""
    page, api, script = ask(client, *(("GET", HOST, path, {}) for path in ("/", SEARCH, f"/ajax-{SEARCH[1:]}")))
    assert (page[0], page[1].startswith(f"{identity_provider.issuer}/auth?")) == (302, True)
    assert [api, script] == [(401, ""), (401, "")]


def test_a_person_who_logs_in_sees_the_page(ada: Page, model: str) -> None:
    """By a browser, at the host of the route, without a mistake on the page."""
    mistakes: list[str] = []
    ada.on("pageerror", lambda error: mistakes.append(str(error)))
    ada.goto(f"{URL}/#/models")
    expect(ada.get_by_role("link", name=model, exact=True)).to_be_visible(timeout=60_000)
    assert mistakes == []


@pytest.mark.parametrize("who", ["bob", "eve"])
def test_who_is_not_of_the_team_is_refused(browser: Browser, who: str) -> None:
    """Somebody of another group, or of another domain, is told so by a page, and has no session afterwards."""
    page = login.person(browser).new_page()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if "/callback" in answer.url else None)
    login.log_in(page, who)
    expect(page.get_by_role("heading", name="Forbidden")).to_be_visible()
    page.locator("#more-info a").click()
    expect(page.get_by_text("You do not have permission")).to_be_visible()
    assert answers == [403]
    again = page.goto(URL)
    assert again is not None
    assert not page.url.startswith(f"{URL}/#")


def test_a_token_is_taken_as_long_as_it_is_valid(client: ClientPod, identity_provider: IdentityProvider) -> None:
    """Of the server itself and of a program that the spec names; when its time is over it is none."""
    began = time.monotonic()
    tokens = [identity_provider.id_token(name, "ada") for name in ("mlflow", login.PROGRAM)]
    asked = [("GET", HOST, SEARCH, bearer(token)) for token in tokens]
    assert [answer[0] for answer in ask(client, *asked)] == [200, 200]
    time.sleep(max(0.0, began + login.VALID_SECONDS + 2 - time.monotonic()))
    assert [answer[0] for answer in ask(client, *asked)] == [200, 401]


def test_other_tokens_are_none(client: ClientPod, identity_provider: IdentityProvider) -> None:
    """One for another program, one that somebody changed, one that nobody signed, and those of people from outside."""
    token = identity_provider.id_token("mlflow", "bob")
    head, claims, signature = token.split(".")
    changed = json.dumps({**json.loads(_decoded(claims)), "email": "ada@example.com", "groups": ["ml"]})
    unsigned = _encoded(json.dumps({"alg": "none", "typ": "JWT"}))
    tokens = [
        identity_provider.id_token("stranger", "ada"),
        f"{head}.{_encoded(changed)}.{signature}",
        f"{unsigned}.{_encoded(changed)}.",
        "not.a.token",
    ]
    refused = ask(client, *(("GET", HOST, SEARCH, bearer(each)) for each in tokens))
    assert [answer[0] for answer in refused] == [401, 401, 401, 401]
    outside = [token, identity_provider.id_token("mlflow", "eve")]
    assert {answer[0] for answer in ask(client, *(("GET", HOST, SEARCH, bearer(each)) for each in outside))} <= {
        401,
        403,
    }


def test_nothing_but_the_health_is_open(client: ClientPod, team: Team) -> None:
    """All that MLflow serves, by every method that it has, and the ways around the proxy, asked by a stranger."""
    answers = json.loads(client.python(programs.WALK, login.addresses(team)[0], json.dumps(AROUND)))
    assert len(answers) > MANY
    tidied = {path for _, path, status, onward in answers if status == 301 and onward.startswith("/")}
    assert tidied == {path for path in AROUND if ".." in path or path.startswith("//")}
    let_in = {(method, path) for method, path, status, _ in answers if status not in (301, 302, 401, 403)}
    assert let_in == {("GET", "/health"), ("GET", "/health?x=1")}


def test_mlflow_itself_is_reached_by_nobody(client: ClientPod, team: Team) -> None:
    """It listens to its own pod alone, at a port that is closed for all others."""
    program = (
        "import json, socket, sys\nhost, *ports = sys.argv[1:]\n"
        "def closed(port):\n    try:\n        socket.create_connection((host, int(port)), 3).close()\n"
        "    except OSError:\n        return True\n    return False\n"
        "print(json.dumps([closed(port) for port in ports]))"
    )
    for pod in teams.pods(team):
        ports = [str(port) for port in (5000, 5001, 4180, 4443, 44180)]
        found = json.loads(client.python(program, pod["status"]["podIP"], *ports))
        assert found == [False, True, True, True, True]


def test_who_somebody_is_says_the_proxy_alone(
    local_node: LocalNode, client: ClientPod, team: Team, identity_provider: IdentityProvider
) -> None:
    """What a client writes of itself into a request is replaced before MLflow reads it."""
    pod, marker = teams.pods(team)[0], uuid.uuid4().hex
    said = {f"X-Forwarded-{name}": "root" for name in ("User", "Email", "Groups", "Preferred-Username")}
    headers = {**said, **bearer(identity_provider.id_token("mlflow", "ada"))}
    asked = ("GET", f"{pod['status']['podIP']}:5000", f"{SEARCH}&view_type=ALL&marker={marker}", headers)
    arrived = login.arrives_with(local_node, pod, marker, lambda: ask(client, asked))
    assert (arrived["x-forwarded-email"], arrived["x-forwarded-groups"]) == ("ada@example.com", "ml")
    assert arrived["x-forwarded-user"] == "ada"
    assert "root" not in arrived.values()
    assert "eyJ" not in arrived.get("authorization", "")


def test_a_promotion_needs_no_login_of_its_own(team: Team, model: str) -> None:
    """The operator has one, which is no person's."""
    assert promoted(team, model) == ["2", "3"]


def test_a_login_holds_in_every_pod_and_survives_one(client: ClientPod, team: Team, ada: Page) -> None:
    """Both replicas know a session, and so does the pod that takes the place of one that was killed."""
    cookies = {"Cookie": "; ".join(f"{each['name']}={each['value']}" for each in ada.context.cookies(URL))}

    def answers() -> list[int]:
        return [answer[0] for answer in ask(client, *(("GET", at, SEARCH, cookies) for at in login.addresses(team)))]

    assert answers() == [200, 200]
    gone = teams.pods(team)[0]["metadata"]["name"]
    team.plane.kubectl("-n", team.namespace, "delete", "pod", gone, "--grace-period=0", "--force")
    until(lambda: len(running(team)) == 2, "the other pod", seconds=teams.START_SECONDS)
    assert answers() == [200, 200]
    ada.goto(f"{URL}/#/experiments")
    expect(ada.get_by_text("training", exact=True).first).to_be_visible(timeout=60_000)


def test_the_picture_of_the_documentation(browser: Browser, team: Team, model: str) -> None:
    """A model with its versions, aliases and tags, as somebody sees it who has logged in; PICTURES=update writes it."""
    promoted(team, model)
    page = login.person(browser).new_page()
    login.log_in(page, "ada")
    page.goto(f"{URL}/#/models")
    login.close_dialog(page)
    page.get_by_text("Model training", exact=True).click()
    page.goto(f"{URL}/#/models/{model}")
    for word in ("Version 3", "champion", "challenger"):
        expect(page.get_by_text(word).first).to_be_visible()
    picture = page.screenshot(animations="disabled", caret="hide")
    assert len(picture) < LARGEST_PICTURE
    if os.environ.get("PICTURES") == "update":
        PICTURE.write_bytes(picture)


def test_what_lets_somebody_in_is_in_no_log(local_node: LocalNode, team: Team) -> None:
    """Neither the operator's word nor a token, of the proxy, of MLflow or of the operator; no object has the word."""
    word = base64.b64decode(team.get("secret", "mlflow-oauth2-proxy")["data"]["password"]).decode()
    told = local_node.kubectl("-n", installation.NAMESPACE, "logs", installation.DEPLOYMENT, "--tail=-1")
    for pod in teams.pods(team):
        told += local_node.kubectl(
            "-n", team.namespace, "logs", pod["metadata"]["name"], "--all-containers", "--tail=-1"
        )
    told += local_node.kubectl("-n", team.namespace, "get", "pods,deployments,configmaps,jobs,events,mls", "-o", "json")
    assert len(word) > 20
    hidden = [word, base64.b64encode(word.encode()).decode(), login.CLIENTS[0].secret]
    assert [each for each in hidden if each in told] == []


def promoted(team: Team, model: str) -> list[str]:
    """Claim two slots, and wait; the versions that got them."""
    for version, target in ((2, {"stage": "Production", "mirrorAlias": "champion"}), (3, {"alias": "challenger"})):
        team.promote(f"{model}-{version}", model, version, target=target, tags={"validated": "yes"})
    claims = (team.until("modelpromotion", f"{model}-{version}", is_ready, seconds=120) for version in (2, 3))
    return [claim["status"]["currentVersion"] for claim in claims]


def running(team: Team) -> list[Object]:
    """The pods that are ready."""
    return [pod for pod in teams.pods(team) if condition(pod, "Ready").get("status") == "True"]


def _decoded(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
