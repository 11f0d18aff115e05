"""Starts MLflow where its pod can be reached, in the server's image and with what Python brings alone.

Arguments: the port. Environment: POD_IPS, the pod's addresses; MLFLOW_WORKERS.
"""

import os
import sys


def host(addresses: str, workers: str) -> str:
    """What to listen on: IPv6 too where the pod has an address of it, and IPv4 always."""
    if ":" not in addresses:
        return "0.0.0.0"  # noqa: S104 - behind a Service
    # Several workers share one socket, which takes IPv4 as well. A single one has asyncio make its sockets: for :: one
    # that takes IPv6 alone, and for no name one of each family.
    return "" if workers == "1" else "::"


if __name__ == "__main__":
    where = host(os.environ.get("POD_IPS", ""), os.environ.get("MLFLOW_WORKERS", ""))
    os.execvp("mlflow", ["mlflow", "server", "--host", where, "--port", sys.argv[1]])  # noqa: S606, S607 - PID 1 is MLflow
