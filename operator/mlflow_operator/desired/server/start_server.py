"""Starts MLflow where its pod can be reached, in the server's image and with what Python brings alone.

Arguments: the port; then, where the server has a certificate, its folder and the text of ``follow_certificate.py``.
Environment: POD_IPS, the pod's addresses; MLFLOW_WORKERS; MLFLOW_UVICORN_OPTS, to which the certificate is added;
AUTH_*, where MLflow asks for logins.
"""

import configparser
import os
import ssl
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def host(addresses: str, workers: str) -> str:
    """What to listen on: IPv6 too where the pod has an address of it, and IPv4 always."""
    if ":" not in addresses:
        return "0.0.0.0"  # noqa: S104 - behind a Service
    # Several workers share one socket, which takes IPv4 as well. A single one has asyncio make its sockets: for :: one
    # that takes IPv6 alone, and for no name one of each family.
    return "" if workers == "1" else "::"


def encrypted(folder: str, following: str, environment: dict[str, str]) -> dict[str, str]:
    """The variables by which MLflow serves the certificate of a folder, and goes on with the one that replaces it.

    Raises:
        SystemExit: The certificate cannot be served; the text says what to do.
    """
    certificate, key = f"{folder}/tls.crt", f"{folder}/tls.key"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"the certificate of spec.tls cannot be served: {error}; tls.crt of its Secret has to hold the certificate "
            "and tls.key the private key of the same, both in PEM and without a password"
        ) from error
    programs = Path(tempfile.mkdtemp(prefix="mlflow-start-"))
    (programs / "sitecustomize.py").write_text(following)
    own = f"--ssl-certfile {certificate} --ssl-keyfile {key}"
    return environment | {
        "MLFLOW_SERVER_CERTIFICATE_FOLDER": folder,
        "MLFLOW_UVICORN_OPTS": f"{environment.get('MLFLOW_UVICORN_OPTS', '')} {own}".strip(),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(programs), environment.get("PYTHONPATH", "")])),
    }


def auth_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """MLflow's settings of its logins; the preparation has made the users."""
    return {
        "default_permission": variables["AUTH_DEFAULT_PERMISSION"],
        "database_uri": variables.get("AUTH_DATABASE_URI") or variables["MLFLOW_BACKEND_STORE_URI"],
        "admin_username": variables["AUTH_ADMIN_USERNAME"].rstrip("\r\n"),
        # MLflow makes an administrator who is missing, up to 3.15 with a password that everybody knows: so with one
        # that nobody does. One who is there keeps the password.
        "admin_password": os.urandom(32).hex(),
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
        "auth_cache_ttl_seconds": variables["AUTH_CACHE_SECONDS"],
    }


def write_auth_settings(variables: Mapping[str, str], path: str) -> None:
    """Write them where nobody else reads them: a database's URI may have a password in it."""
    settings = configparser.ConfigParser()
    settings["mlflow"] = {name: value.replace("%", "%%") for name, value in auth_settings(variables).items()}
    Path(path).unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        settings.write(file)


if __name__ == "__main__":
    where = host(os.environ.get("POD_IPS", ""), os.environ.get("MLFLOW_WORKERS", ""))
    words = ["mlflow", "server", "--host", where, "--port", sys.argv[1]]
    variables = encrypted(sys.argv[2], sys.argv[3], dict(os.environ)) if len(sys.argv) > 2 else dict(os.environ)
    if "AUTH_DEFAULT_PERMISSION" in variables:
        variables["MLFLOW_AUTH_CONFIG_PATH"] = str(Path(tempfile.gettempdir()) / "mlflow-auth.ini")
        write_auth_settings(variables, variables["MLFLOW_AUTH_CONFIG_PATH"])
        words += ["--app-name", "basic-auth"]
    os.execvpe("mlflow", words, variables)  # noqa: S606, S607 - PID 1 is MLflow
