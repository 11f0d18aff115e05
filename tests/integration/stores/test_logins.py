"""Logins of a server, of a real MLflow on a real PostgreSQL: who gets in, who may do what, and how passwords change."""

import asyncio
import base64
import re
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.services.postgres import Postgres
from integration.stores.secured import ADMIN, OPERATOR, TRAINER, Person, Secured
from mlflow_operator.api.server.serving import Experiment
from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry
from mlflow_operator.errors import RegistryRefused
from mlflow_operator.reconcile.servers import probe

pytestmark = pytest.mark.integration

LOOK = "experiments/search?max_results=1"
PERMISSIONS = [
    {"experiment": "scoring", "permission": "EDIT"},
    {"model": "fraud", "permission": "EDIT"},
    {"model": "later", "permission": "MANAGE"},
]
USER = {"name": TRAINER[0], "passwordSecretRef": {"name": "people", "key": TRAINER[0]}, "permissions": PERMISSIONS}
FOLDER = "0/.mlflow-operator"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Secured]:
    """A server with a user of its spec; prepared, and nothing runs yet."""
    made = Secured(tmp_path_factory.mktemp("secured"), postgres, {"users": [USER], "defaultPermission": "READ"})
    found = made.prepare()
    assert (found["end"]["code"], found["logins"]["reason"]) == (0, "UpToDate"), found
    yield made
    made.stop()


@pytest.fixture(scope="module")
def urls(secured: Secured) -> list[str]:
    """Two replicas of it, begun at once."""
    return [secured.start(), secured.start()]


def registered(url: str, model: str) -> str:
    """The model, of the administrator, with one version."""
    admin = Person(*ADMIN)
    if admin.asks(url, "registered-models/create", {"name": model}).status == 200:
        made = admin.asks(url, "model-versions/create", {"name": model, "source": f"s3://elsewhere/{model}"})
        assert made.status == 200, made
    return model


def test_nobody_gets_in_without_the_right_login(urls: list[str]) -> None:
    """On both replicas: whatever is asked, and with the password that MLflow once gave to everybody too."""
    paths = [LOOK, "/version", "/", "/metrics", "/graphql", "/signup", "users/list", "registered-models/search"]
    wrong = [Person(), Person(ADMIN[0], "password1234"), Person(ADMIN[0], "wrong-but-long-enough"), Person("x", "y")]
    for url in urls:
        assert {who.asks(url, path).status for who in wrong for path in paths} == {401}
        for login in (ADMIN, OPERATOR, TRAINER):
            assert Person(*login).asks(url, LOOK).status == 200
        assert Person().asks(url, "/health").status == 200


def test_replicas_share_the_key_of_sessions(urls: list[str]) -> None:
    """A form that one has given out is taken by the other: whoever is behind a Service meets both."""
    admin, cookies = Person(*ADMIN), urllib.request.HTTPCookieProcessor()
    opener = urllib.request.build_opener(cookies)
    header = "Basic " + base64.b64encode(":".join(ADMIN).encode()).decode()
    opener.addheaders = [("Authorization", header)]
    page = opener.open(f"{urls[0]}/signup", timeout=30).read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page
    form = {"csrf_token": found[1], "username": "by-form", "password": "long-enough-for-it"}
    opener.open(f"{urls[1]}/api/2.0/mlflow/users/create-ui", urllib.parse.urlencode(form).encode(), timeout=30)
    assert admin.asks(urls[1], "users/get?username=by-form").status == 200
    assert admin.asks(urls[1], "users/delete", {"username": "by-form"}, "DELETE").status == 200


def test_a_second_preparation_finds_everything_as_it_is(secured: Secured, urls: list[str]) -> None:
    """No password is set again, and whoever is in the middle of work notices nothing."""
    found = secured.prepare()
    assert found["end"]["code"] == 0
    assert found["logins"]["message"] == "3 users are there"
    assert Person(*ADMIN).asks(urls[0], LOOK).status == 200


def test_a_user_may_do_what_the_spec_says(urls: list[str]) -> None:
    """Permissions on models that come later hold for them; an experiment that was named is there."""
    trainer = Person(*TRAINER)
    for model in ("fraud", "later", "others"):
        registered(urls[0], model)
    alias = {"alias": "champion", "version": "1"}
    found = {
        model: trainer.asks(urls[0], "registered-models/alias", {"name": model, **alias}).status
        for model in ("fraud", "later", "others")
    }
    assert found == {"fraud": 200, "later": 200, "others": 403}
    assert trainer.asks(urls[0], "registered-models/get?name=others").status == 200
    deleted = {
        model: trainer.asks(urls[0], "registered-models/delete", {"name": model}, "DELETE").status
        for model in ("fraud", "later")
    }
    assert deleted == {"fraud": 403, "later": 200}
    assert '"name": "scoring"' in trainer.asks(urls[1], "experiments/get-by-name?experiment_name=scoring").body
    assert '"artifact_location": "mlflow-artifacts:/1"' in trainer.asks(urls[1], "experiments/get?experiment_id=1").body
    tag = {"key": "a", "value": "b"}
    assert trainer.asks(urls[1], "experiments/set-experiment-tag", {"experiment_id": "1", **tag}).status == 200
    assert trainer.asks(urls[1], "experiments/set-experiment-tag", {"experiment_id": "0", **tag}).status == 403


def _access(url: str) -> Access:
    return Access(url, headers=(("Authorization", "Basic " + base64.b64encode(":".join(OPERATOR).encode()).decode()),))


async def _work(registry: Registry, model: str) -> None:
    """Everything that the operator asks of a server and changes in a registry."""
    await probe.api(registry)
    assert await registry.version()
    assert await registry.mark("nobody-has-registered-it") is None
    assert model in await registry.survey()
    assert list((await registry.snapshot(model)).versions) == ["1"]
    await registry.set_alias(model, "champion", "1")
    await registry.move(model, "1", "Production", archive_existing=True)
    await registry.set_version_tag(model, "1", "approved", "yes")
    wanted = [Experiment.model_validate({"name": name, "tags": {"a": "b"}}) for name in ("of-others", f"new-{model}")]
    for _ in range(2):
        await probe.experiments(registry, wanted)
    await probe.list_artifacts(registry, FOLDER)
    assert await probe.write_artifact(registry, FOLDER, uuid.uuid4().hex) is None


def test_the_operators_user_can_do_its_work(urls: list[str]) -> None:
    """On models and experiments of others, which came after its permissions; by the client that the operator has."""
    model = registered(urls[0], f"m-{uuid.uuid4().hex}")
    Person(*ADMIN).asks(urls[0], "experiments/create", {"name": "of-others"})

    async def work() -> None:
        async with Mlflow() as mlflow:
            for url in urls:
                await _work(mlflow.at(_access(url)), model)

    asyncio.run(work())


def test_a_stranger_is_known_to_be_sent_away(urls: list[str]) -> None:
    """The operator asks as one, without its login, before it says that the server is secured."""

    async def ask() -> list[bool | None]:
        async with Mlflow() as mlflow:
            everybody = [*(Access(url) for url in urls), *(_access(url) for url in urls), Access("http://127.0.0.1:9")]
            return [await probe.lets_in(mlflow.at(who)) for who in everybody]

    assert asyncio.run(ask()) == [False, False, True, True, None]


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "users/create", {"username": "intruder", "password": "long-enough-for-it"}),
    ("PATCH", "users/update-password", {"username": ADMIN[0], "password": "long-enough-for-it"}),
    ("PATCH", "users/update-admin", {"username": OPERATOR[0], "is_admin": True}),
    ("DELETE", "users/delete", {"username": TRAINER[0]}),
    ("DELETE", "registered-models/delete", {"name": "kept"}),
    ("DELETE", "model-versions/delete", {"name": "kept", "version": "1"}),
    ("POST", "experiments/delete", {"experiment_id": "1"}),
    (
        "POST",
        "/api/3.0/mlflow/users/permissions/grant",
        {
            "username": OPERATOR[0],
            "resource_type": "registered_model",
            "resource_id": "kept",
            "permission": "MANAGE",
        },
    ),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED, ids=[path for _, path, _ in REFUSED])
def test_the_operators_user_can_do_no_more(method: str, path: str, body: dict[str, Any], urls: list[str]) -> None:
    """Not delete what is registered, and nothing that an administrator does."""
    registered(urls[0], "kept")
    assert Person(*OPERATOR).asks(urls[0], path, body, method).status == 403


def test_an_experiment_that_others_have_deleted_is_not_brought_back(urls: list[str]) -> None:
    """As the documentation says: MLflow asks for MANAGE there."""
    admin, name = Person(*ADMIN), f"e-{uuid.uuid4().hex}"
    made = admin.asks(urls[0], "experiments/create", {"name": name}).body
    admin.asks(urls[0], "experiments/delete", {"experiment_id": made.split('"')[3]})

    async def bring_back() -> None:
        async with Mlflow() as mlflow:
            await probe.experiments(mlflow.at(_access(urls[0])), [Experiment.model_validate({"name": name})])

    with pytest.raises(RegistryRefused) as refused:
        asyncio.run(bring_back())
    assert refused.value.reason == "AccessDenied"


class Client:
    """Asks all replicas in turn without a pause; told 401, again with what its Secret has by then, for a while."""

    def __init__(self, urls: list[str], secret: dict[str, str], who: str) -> None:
        self._urls, self._secret, self._who = urls, secret, who
        self.password = secret[who]
        self.statuses: Counter[int] = Counter()
        self.again = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Client":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            for url in self._urls:
                self.statuses[self._asked(url)] += 1

    def _asked(self, url: str) -> int:
        patience = time.monotonic() + 30
        while True:
            status = Person(self._who, self.password).asks(url, LOOK).status
            if status != 401 or time.monotonic() > patience:
                return status
            self.again += 1
            self.password = self._secret[self._who]


def test_a_new_password_costs_no_request(secured: Secured, urls: list[str]) -> None:
    """Two clients that never pause, the administrator and a user: what the preparation sets holds at once."""
    new = {ADMIN[0]: "another-word-of-the-administrator", TRAINER[0]: "another-word-of-the-trainer"}
    secret = dict(secured.passwords)
    before = {name: secured.passwords[name] for name in new}
    with Client(urls, secret, ADMIN[0]) as admin, Client(urls, secret, TRAINER[0]) as trainer:
        time.sleep(2)
        secured.passwords.update(new)
        found = secured.prepare()
        secret.update(new)
        assert found["logins"]["message"].endswith("set the password of admin, trainer")
        for name, password in new.items():
            assert {Person(name, password).asks(url, LOOK).status for url in urls} == {200}
        admin.password = trainer.password = ""  # which is told 401, as an old one is when it has left the cache
        time.sleep(2)
    print({"admin": admin.statuses, "trainer": trainer.statuses, "again": (admin.again, trainer.again)})
    assert set(admin.statuses) == set(trainer.statuses) == {200}
    assert min(admin.statuses[200], trainer.statuses[200]) > 50
    secured.passwords.update(before)
    assert secured.prepare()["end"]["code"] == 0


@pytest.mark.usefixtures("urls")
def test_a_replica_that_starts_without_an_administrator_opens_to_nobody(secured: Secured) -> None:
    """Somebody takes the user away; MLflow makes it at the next start, and the preparation gives it its password."""
    secured.postgres.sql("UPDATE users SET username = 'somebody' WHERE username = 'admin'", secured.database)
    third = secured.start()
    tried = [("admin", "password1234"), ("admin", "password"), ("admin", "")]
    assert {Person(*login).asks(third, LOOK).status for login in tried} == {401}
    assert Person(*ADMIN).asks(third, LOOK).status == 401
    assert secured.prepare()["logins"]["ok"]
    assert Person(*ADMIN).asks(third, "users/list").status == 200


@pytest.mark.parametrize(
    ("user", "password"),
    [(TRAINER[0], "2-short"), (ADMIN[0], "password1234"), (ADMIN[0], "\n"), (TRAINER[0], "a bell rings \x07")],
    ids=["short", "known", "empty", "control"],
)
def test_a_password_that_cannot_be_is_refused_before_anything_changes(
    user: str, password: str, secured: Secured, urls: list[str]
) -> None:
    """Only its writer can help; the one before goes on working."""
    before = dict(secured.passwords)
    secured.passwords[user] = password
    try:
        found = secured.prepare()
    finally:
        secured.passwords.update(before)
    assert (found["end"]["code"], found["logins"]["reason"]) == (3, "SecretNotUsable")
    assert user in found["logins"]["message"]
    assert Person(user, before[user]).asks(urls[0], LOOK).status == 200


def test_two_preparations_at_once_make_every_user_once(tmp_path: Path, postgres: Postgres) -> None:
    """On an empty database; MLflow takes no lock, so one of both may have to be tried again."""
    made = Secured(tmp_path, postgres, {"users": [USER]})
    found: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: found.append(made.prepare())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(not report.get("logins", {}).get("terminal") for report in found), found
    assert made.prepare()["end"]["code"] == 0
    assert postgres.sql("SELECT count(*) FROM users", made.database) == "3"


def test_an_image_that_cannot_ask_for_logins_is_told(tmp_path: Path, postgres: Postgres) -> None:
    """MLflow without Flask-WTF: the stores are prepared, and no server starts that lets everybody in."""
    missing = tmp_path / "missing" / "flask_wtf"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'flask_wtf'\")")
    found = Secured(tmp_path, postgres).prepare(PYTHONPATH=str(missing.parent))
    assert (found["end"]["code"], found["logins"]["reason"]) == (3, "LoginsNotSupported")
    assert "flask_wtf" in found["logins"]["message"]
