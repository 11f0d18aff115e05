"""Starts MLflow where its pod can be reached, in the server's image and with what Python brings alone.

Arguments: the port; then, where the server has a certificate, its folder and the text of ``follow_certificate.py``.
Environment: POD_IPS, the pod's addresses; MLFLOW_WORKERS; MLFLOW_UVICORN_OPTS, to which the certificate is added.
"""

import os
import ssl
import sys
import tempfile
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


if __name__ == "__main__":
    where = host(os.environ.get("POD_IPS", ""), os.environ.get("MLFLOW_WORKERS", ""))
    variables = encrypted(sys.argv[2], sys.argv[3], dict(os.environ)) if len(sys.argv) > 2 else dict(os.environ)
    os.execvpe("mlflow", ["mlflow", "server", "--host", where, "--port", sys.argv[1]], variables)  # noqa: S606, S607 - PID 1 is MLflow
