"""Starts MLflow where its pod can be reached, in the server's image and with what Python brings alone.

Arguments: the port; the texts of ``take_leave.py`` and ``strangers.py``; the address, where only one is listened on;
where MLflow has a certificate, its folder and the text of ``follow_certificate.py``; where artifacts in S3 go through
the server, the text of ``through_server.py``; whether this release is served by gunicorn, and whether its server has to
be alone.
Environment: POD_IPS, the pod's addresses; MLFLOW_WORKERS; MLFLOW_UVICORN_OPTS, to which the certificate is added;
UVICORN_HTTP, which stays as it is; AUTH_*, where MLflow asks for logins.
"""

import argparse
import configparser
import os
import ssl
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path


def host(addresses: str, workers: str) -> str:
    """What to listen on: IPv6 too where the pod has an address of it, and IPv4 always."""
    if ":" not in addresses:
        return "0.0.0.0"  # noqa: S104 - behind a Service
    # Several workers share one socket, which takes IPv4 as well. A single one has asyncio make its sockets: for :: one
    # that takes IPv6 alone, and for no name one of each family.
    return "" if workers == "1" else "::"


def gunicorn_host(addresses: str) -> str:
    """The same for gunicorn, which takes a port after it; a socket for :: takes IPv4 as well."""
    return "[::]" if ":" in addresses else "0.0.0.0"  # noqa: S104 - behind a Service


ALONE = """import os
import mlflow.server
from mlflow.cli import cli


def become(command, extra_env=None, **_):
    os.execvpe(command[0], command, {**os.environ, **(extra_env or {})})


mlflow.server._exec_cmd = become
cli()
"""
"""MLflow's command, but for staying in front of the server: as process 1 it would not hear when the pod has to end."""


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
    own = f"--ssl-certfile {certificate} --ssl-keyfile {key}"
    return with_module("sitecustomize", following, environment) | {
        "MLFLOW_SERVER_CERTIFICATE_FOLDER": folder,
        "MLFLOW_UVICORN_OPTS": f"{environment.get('MLFLOW_UVICORN_OPTS', '')} {own}".strip(),
    }


def uvicorn() -> tuple[int, ...]:
    """Major and minor version of the uvicorn that is installed; nothing, where none is."""
    try:
        return tuple(int(number) for number in version("uvicorn").split(".")[:2])
    except PackageNotFoundError:
        return ()


def polite(leaving: str, strangers: str, environment: dict[str, str], uvicorn: tuple[int, ...]) -> dict[str, str]:
    """The variables by which a uvicorn of this version loses no request when it ends, and knows no neighbours."""
    if uvicorn < (0, 37):
        return environment  # its option takes no protocol but its own
    modules = {"take_leave.py": leaving, "strangers.py": strangers}
    return {"UVICORN_HTTP": "strangers:Protocol"} | with_files(modules, environment)


def without_links(store: str, environment: dict[str, str]) -> dict[str, str]:
    """The variables by which MLflow finds a plugin for s3://, as one that is installed."""
    name, installed = "mlflow_through_server", "mlflow_through_server-1.dist-info"
    files = {
        f"{name}.py": store,
        f"{installed}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{installed}/entry_points.txt": f"[mlflow.artifact_repository]\ns3 = {name}:ThroughServer\n",
    }
    return with_files(files, environment)


def with_module(name: str, text: str, environment: dict[str, str]) -> dict[str, str]:
    """The variables by which every Python of the server finds a module, in a folder that is its own."""
    return with_files({f"{name}.py": text}, environment)


def with_files(files: Mapping[str, str], environment: dict[str, str]) -> dict[str, str]:
    """The same of anything that Python looks for on its path."""
    folder = Path(tempfile.mkdtemp(prefix="mlflow-start-"))
    for path, text in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return environment | {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), environment.get("PYTHONPATH", "")]))}


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


def words_of(argv: list[str]) -> argparse.Namespace:
    """The arguments, each by its name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("leaving", metavar="PROGRAM")
    parser.add_argument("strangers", metavar="PROGRAM")
    parser.add_argument("--host")
    parser.add_argument("--certificate", nargs=2, metavar=("FOLDER", "PROGRAM"))
    parser.add_argument("--through-server", metavar="PROGRAM")
    parser.add_argument("--gunicorn", action="store_true")
    parser.add_argument("--alone", action="store_true")
    return parser.parse_args(argv)


def check_metrics(environment: Mapping[str, str], package: str = "prometheus_flask_exporter") -> None:
    """See that MLflow can count what it is asked to.

    Raises:
        SystemExit: It cannot; the text says what to do.
    """
    if "MLFLOW_EXPOSE_PROMETHEUS" in environment and find_spec(package) is None:
        raise SystemExit(
            "spec.monitoring needs the Python package prometheus-flask-exporter, which the image does not have; "
            "use an image that has it, as the operator's default has, or leave spec.monitoring out"
        )


if __name__ == "__main__":
    said = words_of(sys.argv[1:])
    addresses = os.environ.get("POD_IPS", "")
    own = gunicorn_host(addresses) if said.gunicorn else host(addresses, os.environ.get("MLFLOW_WORKERS", ""))
    command = ["python", "-c", ALONE] if said.alone else ["mlflow"]
    words = [*command, "server", "--host", said.host or own, "--port", said.port]
    check_metrics(os.environ)
    variables = polite(said.leaving, said.strangers, dict(os.environ), uvicorn())
    if said.certificate:
        folder, following = said.certificate
        variables = encrypted(folder, following, variables)
    if said.through_server:
        variables = without_links(said.through_server, variables)
    if "AUTH_DEFAULT_PERMISSION" in variables:
        variables["MLFLOW_AUTH_CONFIG_PATH"] = str(Path(tempfile.gettempdir()) / "mlflow-auth.ini")
        write_auth_settings(variables, variables["MLFLOW_AUTH_CONFIG_PATH"])
        words += ["--app-name", "basic-auth"]
    os.execvpe(words[0], words, variables)  # noqa: S606 - PID 1 is MLflow
