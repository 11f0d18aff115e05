"""MLflow servers on SQLite and files, which need nothing else: of any release, with logins or without."""

from collections.abc import Mapping
from pathlib import Path

from cluster.services.mlflow_server import MlflowServer

ADMIN, PASSWORD = "admin", "a-password-of-the-tests"


def on_files(
    folder: Path,
    *,
    version: str | None = None,
    extra_env: Mapping[str, str] | None = None,
    extra_args: tuple[str, ...] = (),
) -> MlflowServer:
    """A server with its database and its artifacts in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    database, artifacts = f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts")
    return MlflowServer(
        folder, database, artifacts, version=version, extra_env=extra_env, extra_args=extra_args, name=folder.name
    )


def with_logins(folder: Path, *, version: str | None = None) -> MlflowServer:
    """The same with MLflow's basic auth, and an administrator."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n"
        f"admin_username = {ADMIN}\nadmin_password = {PASSWORD}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    env = {"MLFLOW_AUTH_CONFIG_PATH": f"{folder}/auth.ini", "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-the-tests"}
    return on_files(folder, version=version, extra_env=env, extra_args=("--app-name=basic-auth",))
