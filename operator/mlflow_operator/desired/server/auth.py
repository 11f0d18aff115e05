"""Who may get in: MLflow's own logins, the Secrets that open them, and what the preparation has to know to make them.

Logins at an OpenID provider are the proxy's, ``oauth2_proxy.py``; of them only the operator's own is here.
The pods of the server know no password: whoever starts finds the users in the database, where the preparation has put
them. What only that reads changes no pod, so a new password restarts nothing.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import urlsplit

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.auth import AdminCredentials, BasicAuth, Permission
from mlflow_operator.api.server.serving import ExternalCredentials
from mlflow_operator.desired import names, stores, volumes
from mlflow_operator.desired.inputs import Object, Reference
from mlflow_operator.desired.server import oauth2_proxy
from mlflow_operator.desired.variables import from_secret, plain

ADMIN = "admin"
OPERATOR = "mlflow-operator"
"""The operator's own user."""
PROBED_EXPERIMENT = "0"
"""MLflow's experiment Default, which every database has: below it the operator tries the artifact store."""
GRANTS = (
    ("registered_model", "*", "EDIT"),
    ("experiment", "*", "EDIT"),
    # Who may not manage an experiment may not delete an artifact of it, and what is no experiment's only admins write.
    ("experiment", PROBED_EXPERIMENT, "MANAGE"),
)
"""What the operator's user may do: promote, set tags of experiments, and try the artifact store."""
_USERNAME, _PASSWORD, _SESSIONS = "username", "password", "session-key"


def basic(server: MLflowServer) -> BasicAuth | None:
    """MLflow's own logins, if the server has them."""
    return server.spec.auth.basic


def asks_for_login(server: MLflowServer) -> bool:
    """Whether the spec lets nobody in without one."""
    return basic(server) is not None or oauth2_proxy.wanted(server) is not None


def login_at(server: MLflowServer) -> str | None:
    """Host of the provider that people log in at; None where they do not, or at MLflow itself."""
    proxy = oauth2_proxy.wanted(server)
    return urlsplit(proxy.issuer_url).netloc if proxy else None


def generated(server: MLflowServer) -> list[str]:
    """Names of the Secrets that are made for the logins."""
    if oauth2_proxy.wanted(server):
        return [names.proxy_login(server)]
    wanted = basic(server)
    if wanted is None:
        return []
    return [*([] if wanted.admin_secret_ref else [names.admin_login(server)]), names.operator_login(server)]


def secret(server: MLflowServer, name: str, word: str) -> Object:
    """One of them; ``word`` was drawn outside. It goes with the server: the next one's preparation sets another."""
    data = {_USERNAME: ADMIN, _PASSWORD: word}
    if name == names.operator_login(server):
        # Whoever reads the key, as the server's pods do, learns nothing of the password.
        key = hashlib.sha256(f"{_SESSIONS} {word}".encode()).hexdigest()
        data = {_USERNAME: OPERATOR, _PASSWORD: word, _SESSIONS: key}
    if name == names.proxy_login(server):
        data = oauth2_proxy.login(OPERATOR, word)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": names.metadata(server, name, names.SERVER),
        "type": "Opaque",
        "data": {key: b64encode(value.encode()).decode() for key, value in data.items()},
    }


def administrator(server: MLflowServer) -> str | None:
    """Name of the Secret with the administrator's login; None where there is none."""
    wanted = basic(server)
    return _admin(server, wanted).name if wanted else None


def operator_credentials(server: MLflowServer) -> ExternalCredentials | None:
    """With what the operator asks the server; None where nobody is asked for a login."""
    if oauth2_proxy.wanted(server):
        return ExternalCredentials(name=names.proxy_login(server))
    return ExternalCredentials(name=names.operator_login(server)) if basic(server) else None


def references(server: MLflowServer) -> Iterator[Reference]:
    """What holds the logins."""
    yield from oauth2_proxy.references(server)
    wanted = basic(server)
    if wanted is None:
        return
    admin = _admin(server, wanted)
    yield Reference("Secret", admin.name, frozenset({admin.username_key, admin.password_key}), only_prepares=True)
    yield Reference("Secret", names.operator_login(server), frozenset({_USERNAME, _PASSWORD, _SESSIONS}))
    for user in wanted.users:
        password = user.password_secret_ref
        yield Reference("Secret", password.name, frozenset({password.key}), only_prepares=True)


def server_variables(server: MLflowServer) -> list[Object]:
    """What the server's program makes MLflow's settings of; the database is that of the backend store, or beside it."""
    wanted = basic(server)
    if wanted is None:
        return []
    admin = _admin(server, wanted)
    return [
        *database_variables(server),
        plain("AUTH_DEFAULT_PERMISSION", wanted.default_permission),
        plain("AUTH_CACHE_SECONDS", str(int(wanted.cache_ttl.removesuffix("s")))),
        from_secret("AUTH_ADMIN_USERNAME", admin.name, admin.username_key),
        from_secret("MLFLOW_FLASK_SERVER_SECRET_KEY", names.operator_login(server), _SESSIONS),
    ]


def prepare_variables(server: MLflowServer) -> list[Object]:
    """The users that the preparation makes, and what each may do; by number, a name and a password."""
    wanted = basic(server)
    if wanted is None:
        return []
    admin, own = _admin(server, wanted), names.operator_login(server)
    logins: list[tuple[Object, Object]] = [
        (from_secret("PREPARE_USERNAME_0", admin.name, admin.username_key), {"admin": True, "grants": []}),
        (plain("PREPARE_USERNAME_1", OPERATOR), {"admin": False, "grants": GRANTS}),
    ]
    passwords = [(admin.name, admin.password_key), (own, _PASSWORD)]
    for number, user in enumerate(wanted.users, start=len(logins)):
        grants = [_grant(permission) for permission in user.permissions]
        logins.append((plain(f"PREPARE_USERNAME_{number}", user.name), {"admin": False, "grants": grants}))
        passwords.append((user.password_secret_ref.name, user.password_secret_ref.key))
    return [
        *database_variables(server),
        plain("PREPARE_LOGINS", json.dumps([about for _, about in logins])),
        *(name for name, _ in logins),
        *(from_secret(f"PREPARE_PASSWORD_{number}", *where) for number, where in enumerate(passwords)),
        *_experiments(server, wanted),
    ]


def _admin(server: MLflowServer, wanted: BasicAuth) -> AdminCredentials:
    return wanted.admin_secret_ref or AdminCredentials(name=names.admin_login(server))


def _grant(permission: Permission) -> tuple[str, str, str]:
    """As MLflow has it; an experiment is named, since only the preparation can know its id."""
    if permission.model is not None:
        return "registered_model", permission.model, permission.permission
    kind = "experiment" if permission.experiment == "*" else "experiment_name"
    return kind, permission.experiment or "", permission.permission


def _experiments(server: MLflowServer, wanted: BasicAuth) -> list[Object]:
    """With what an experiment is made of which a permission speaks, and which is not there yet."""
    if not any(permission.experiment not in (None, "*") for user in wanted.users for permission in user.permissions):
        return []
    places = {e.name: e.artifact_location for e in server.spec.experiments if e.artifact_location}
    root = "mlflow-artifacts:/" if server.spec.serve_artifacts else stores.artifacts_uri(server)
    return [plain("PREPARE_ARTIFACT_ROOT", root), plain("PREPARE_EXPERIMENTS", json.dumps(places))]


def database_variables(server: MLflowServer) -> list[Object]:
    """Where logins are, if not in the server's database: of SQLite a second file, since a writer locks all of one."""
    store = server.spec.backend_store
    if basic(server) is None or store is None or store.sqlite is None:
        return []
    return [plain("AUTH_DATABASE_URI", f"sqlite:///{volumes.DATABASE_FOLDER}/auth.db")]
