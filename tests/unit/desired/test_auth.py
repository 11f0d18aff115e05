"""Who may get in: which Secrets there are, who reads them, and what MLflow is told."""

import configparser
import json
import stat
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from mlflow_operator import desired
from mlflow_operator.desired.server import auth
from mlflow_operator.desired.server.programs.start_server import auth_settings, write_auth_settings
from unit.desired.servers import EXISTING, MANAGED, SQLITE, everything, inputs, only, prepared, server, variables

BASIC: dict[str, Any] = {"auth": {"basic": {}}}
GIVEN: dict[str, Any] = {"auth": {"basic": {"adminSecretRef": {"name": "root", "passwordKey": "word"}}}}
ANN = {"name": "ann", "passwordSecretRef": {"name": "people", "key": "ann"}}
PERMISSIONS = [
    {"model": "fraud", "permission": "EDIT"},
    {"experiment": "*", "permission": "READ"},
    {"experiment": "scoring", "permission": "MANAGE"},
]


def job(spec: dict[str, Any]) -> dict[str, Any]:
    """The preparation of a server in whose world everything exists."""
    wanted = server(spec)
    return only(desired.build(wanted, inputs(wanted)), "Job")


def secrets_of(spec: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the Secrets hold that are made at first."""
    made = [o for (kind, _), o in everything(server(spec)).items() if kind == "Secret"]
    return {o["metadata"]["name"]: {k: b64decode(v).decode() for k, v in o["data"].items()} for o in made}


def test_without_auth_nobody_is_asked_for_a_login() -> None:
    """No Secret, no variable, and the operator sends none."""
    assert secrets_of(EXISTING) == {}
    for obj in (job(EXISTING), only(prepared(server(EXISTING)), "Deployment")):
        assert [name for name in variables(obj) if "AUTH" in name or "LOGIN" in name or "FLASK" in name] == []
    assert desired.endpoint(server(EXISTING), "cluster.local").credentials is None


def test_logins_are_made_once_and_go_with_the_server() -> None:
    """The administrator's, unless one is given; the operator's, with a key that tells nothing of its password."""
    made = secrets_of(EXISTING | BASIC)
    assert made["mlflow-admin"] == {"username": "admin", "password": "drawn-outside"}
    own = made["mlflow-auth"]
    assert (own["username"], own["password"]) == ("mlflow-operator", "drawn-outside")
    assert len(own["session-key"]) == 64
    assert "drawn-outside" not in own["session-key"]
    assert secrets_of(EXISTING | GIVEN).keys() == {"mlflow-auth"}
    wanted = server(EXISTING | BASIC)
    for obj in everything(wanted).values():
        if obj["kind"] == "Secret":
            assert obj["metadata"]["ownerReferences"][0]["uid"] == wanted.metadata.uid
    there = frozenset({("Secret", "mlflow-admin"), ("Secret", "mlflow-auth")})
    again = desired.build(wanted, inputs(wanted, existing=there))
    assert [o["kind"] for o in again.objects if o["kind"] == "Secret"] == []
    assert there < again.held


def test_a_managed_database_keeps_its_credentials_beside_the_logins() -> None:
    """Two kinds of generated Secrets: what opens data stays when the server goes."""
    found = everything(server(MANAGED | BASIC))
    assert "ownerReferences" not in found["Secret", "mlflow-postgres"]["metadata"]
    assert "ownerReferences" in found["Secret", "mlflow-admin"]["metadata"]


@pytest.mark.parametrize(
    "spec", [EXISTING | BASIC, SQLITE | BASIC, EXISTING | GIVEN], ids=["postgres", "sqlite", "given"]
)
def test_pods_of_the_server_read_no_password_of_a_login(spec: dict[str, Any]) -> None:
    """The administrator's name and the key of sessions are all that a pod needs, once the preparation has been."""
    found = variables(only(prepared(server(spec)), "Deployment"))
    read = {value for value in found.values() if value and value.startswith(("mlflow-", "root/"))}
    admin = "root" if spec["auth"]["basic"] else "mlflow-admin"
    assert read == {f"{admin}/username", "mlflow-auth/session-key"}


def test_a_new_password_is_prepared_and_exchanges_no_pods() -> None:
    """So nobody's request fails for it, on a single replica neither; another session key exchanges them."""
    wanted = server(EXISTING | {"auth": {"basic": {"users": [ANN]}}})
    before, seen = prepared(wanted), inputs(wanted)
    first = desired.build(wanted, seen)
    for name, same in (("mlflow-admin", True), ("people", True), ("mlflow-auth", False)):
        rotated = desired.Inputs(seen.images, digests={**seen.digests, ("Secret", name): "another"})
        after = desired.build(wanted, rotated)
        assert after.stores != first.stores, name
        (pods,) = after.later
        assert (pods == only(before, "Deployment")) is same, name


def test_what_a_user_may_do_is_told_to_the_preparation_alone() -> None:
    """Another permission exchanges no pods, as it is in the database."""
    with_user = EXISTING | {"auth": {"basic": {"users": [{**ANN, "permissions": PERMISSIONS}]}}}
    found = variables(job(with_user))
    admin, operator, ann = json.loads(found["PREPARE_LOGINS"])
    assert admin == {"admin": True, "grants": []}
    assert operator == {"admin": False, "grants": [list(grant) for grant in auth.GRANTS]}
    assert ann == {
        "admin": False,
        "grants": [
            ["registered_model", "fraud", "EDIT"],
            ["experiment", "*", "READ"],
            ["experiment_name", "scoring", "MANAGE"],
        ],
    }
    assert [found[f"PREPARE_USERNAME_{n}"] for n in range(3)] == ["mlflow-admin/username", "mlflow-operator", "ann"]
    passwords = ["mlflow-admin/password", "mlflow-auth/password", "people/ann"]
    assert [found[f"PREPARE_PASSWORD_{n}"] for n in range(3)] == passwords
    pods = [only(prepared(server(spec)), "Deployment")["spec"]["template"] for spec in (with_user, EXISTING | BASIC)]
    assert pods[0] == pods[1]


def test_the_operators_user_is_no_administrator_and_manages_one_experiment() -> None:
    """What it needs: to move versions and aliases, to tag experiments, to write and delete its own artifact."""
    assert json.loads(variables(job(EXISTING | BASIC))["PREPARE_LOGINS"])[1] == {
        "admin": False,
        "grants": [["registered_model", "*", "EDIT"], ["experiment", "*", "EDIT"], ["experiment", "0", "MANAGE"]],
    }


@pytest.mark.parametrize(
    ("serve", "root"), [(True, "mlflow-artifacts:/"), (False, "s3://artifacts")], ids=["served", "direct"]
)
def test_an_experiment_of_a_permission_is_made_as_the_server_would(serve: bool, root: str) -> None:
    """Its artifacts go where the spec says, or where the server puts those of every experiment."""
    experiments = [{"name": "scoring", "artifactLocation": "s3://elsewhere"}, {"name": "other"}]
    user = {**ANN, "permissions": PERMISSIONS}
    found = variables(
        job(EXISTING | {"serveArtifacts": serve, "experiments": experiments, "auth": {"basic": {"users": [user]}}})
    )
    assert found["PREPARE_ARTIFACT_ROOT"] == root
    assert json.loads(found["PREPARE_EXPERIMENTS"]) == {"scoring": "s3://elsewhere"}


def test_sqlite_has_a_second_file_for_its_users() -> None:
    """On the same volume; of other databases it is the same one."""
    for obj in (job(SQLITE | BASIC), only(prepared(server(SQLITE | BASIC)), "Deployment")):
        assert variables(obj)["AUTH_DATABASE_URI"] == "sqlite:////var/lib/mlflow/database/auth.db"
    assert "AUTH_DATABASE_URI" not in variables(job(EXISTING | BASIC))


def test_the_operator_asks_with_its_own_login() -> None:
    """The Secret that it has made, whoever the administrator is."""
    for spec in (BASIC, GIVEN):
        credentials = desired.endpoint(server(EXISTING | spec), "cluster.local").credentials
        assert credentials is not None
        assert credentials.name == "mlflow-auth"


SETTINGS = {
    "AUTH_DEFAULT_PERMISSION": "EDIT",
    "AUTH_CACHE_SECONDS": "60",
    "AUTH_ADMIN_USERNAME": "root\n",
    "MLFLOW_BACKEND_STORE_URI": "mysql://u:p%40ss@host/db",
}


def test_mlflow_reads_its_settings_as_they_are_meant(tmp_path: Path) -> None:
    """A percent sign of the URI, a line end of the Secret; and nobody else reads the file."""
    path = tmp_path / "auth.ini"
    path.write_text("of another start")
    write_auth_settings(SETTINGS, str(path))
    found = configparser.ConfigParser()
    found.read(path)
    read = dict(found["mlflow"])
    assert len(read.pop("admin_password")) == 64
    assert read == {
        "default_permission": "EDIT",
        "database_uri": "mysql://u:p%40ss@host/db",
        "admin_username": "root",
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "auth_cache_ttl_seconds": "60",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_administrator_who_is_missing_gets_a_password_that_nobody_knows() -> None:
    """MLflow up to 3.15 would make one with a password that everybody knows."""
    drawn = {auth_settings(SETTINGS)["admin_password"] for _ in range(3)}
    assert len(drawn) == 3
    assert auth_settings(SETTINGS | {"AUTH_DATABASE_URI": "sqlite:////x"})["database_uri"] == "sqlite:////x"
