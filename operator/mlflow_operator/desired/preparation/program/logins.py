"""Makes MLflow's logins: their tables, users with the passwords of today, and what each may do.

By MLflow's own code, on the database: so there is an administrator before any server asks for one, and a password can
be set without the old one. What is there already is changed only where it differs, and nothing is deleted.
"""

import json
import os
from importlib import import_module
from typing import Any

from mlflow_operator.desired.preparation.program import credentials
from mlflow_operator.desired.preparation.program.database import asked, engine_of
from mlflow_operator.desired.preparation.program.database_errors import MIGRATE, VERIFY
from mlflow_operator.desired.preparation.program.patience import Hopeless, Patience
from mlflow_operator.desired.preparation.program.report import Report

SHORTEST = 12
"""Characters of a password, as MLflow has it."""
KNOWN = "password1234"
"""Which MLflow gave to everybody, and refuses by now."""


def prepare_logins(patience: Patience) -> Report:
    """Bring tables, users and permissions up to date.

    Raises:
        Problem: It did not come about, and why.
    """
    logins = [_login(number, about) for number, about in enumerate(json.loads(os.environ["PREPARE_LOGINS"]))]
    names = [login["name"] for login in logins]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _unusable(f"user {twice[0]} is there twice, one of them as the administrator or the operator's own")
    uri = os.environ.get("AUTH_DATABASE_URI") or os.environ[credentials.URI]
    engine, store = engine_of(uri), _store()
    with patience.uninterrupted():
        asked(engine, MIGRATE, lambda: store.init_db(uri))
        changed = asked(engine, VERIFY, lambda: [login["name"] for login in logins if _ensure(store, login)])
    said = f"; set the password of {', '.join(changed)}" if changed else ""
    return {"ok": True, "reason": "UpToDate", "message": f"{len(logins)} users are there{said}"}


def _login(number: int, about: dict[str, Any]) -> dict[str, Any]:
    """A login as the environment has it, without the line end that files and ``echo`` leave behind."""
    name, password = (os.environ[f"PREPARE_{what}_{number}"].rstrip("\r\n") for what in ("USERNAME", "PASSWORD"))
    if not name or ":" in name or not name.isprintable():
        raise _unusable("the user name of the administrator is empty, or has a colon or a control character in it")
    if len(password) < SHORTEST or password == KNOWN:
        what = f"shorter than {SHORTEST} characters, or one that everybody knows"
        raise _unusable(f"the password of user {name} is {what}")
    if not password.isprintable():
        raise _unusable(f"the password of user {name} has a control character in it")
    return {**about, "name": name, "password": password}


def _unusable(what: str) -> Hopeless:
    return Hopeless("SecretNotUsable", f"{what}; correct the Secret")


def _store() -> Any:
    """MLflow's store of users; what imports it needs all that a server with logins needs."""
    # Permissions without a workspace are of the default one, and a store with workspaces asks for one.
    os.environ["MLFLOW_ENABLE_WORKSPACES"] = "false"
    try:
        return import_module("mlflow.server.auth.sqlalchemy_store").SqlAlchemyStore()
    except ImportError as error:
        missing = error.__cause__ or error
        message = f"the image cannot ask for logins: {missing}; use one with mlflow[auth], such as MLflow's -full"
        raise Hopeless("LoginsNotSupported", message) from None


def _ensure(store: Any, login: dict[str, Any]) -> bool:
    """Make a user as it is wanted; whether a password was set."""
    name, password, admin = login["name"], login["password"], login["admin"]
    is_new = not store.has_user(name)
    if is_new:
        store.create_user(name, password, is_admin=admin)
    is_wrong = not is_new and not store.authenticate_user(name, password)
    if is_wrong:
        store.update_user(name, password=password)
    if admin and not store.get_user(name).is_admin:
        store.update_user(name, is_admin=True)
    for kind, resource, permission in login["grants"]:
        if kind == "experiment_name":
            store.grant_user_permission(name, "experiment", _experiment(resource), permission)
        else:
            store.grant_user_permission(name, kind, resource, permission)
    return is_new or is_wrong


def _experiment(name: str) -> str:
    """The id of an experiment, which is made where it is not there, as the server would."""
    stores = import_module("mlflow.store.tracking.sqlalchemy_store")
    tracking = stores.SqlAlchemyStore(os.environ[credentials.URI], os.environ["PREPARE_ARTIFACT_ROOT"])
    found = tracking.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(tracking.create_experiment(name, json.loads(os.environ["PREPARE_EXPERIMENTS"]).get(name)))
