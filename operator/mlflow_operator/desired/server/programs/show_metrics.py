"""Shows what MLflow's workers have counted, for Prometheus, at a port of its own and without a login.

Each worker writes into files of its own in one folder, as the Prometheus client does for programs of many processes;
here they are read and added up. It runs in the server's image, where both are installed.
Arguments: the port and the folder. Environment: POD_IPS, the pod's addresses.
"""

import os
import signal
import sys

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

if __name__ == "__main__":
    port, folder = sys.argv[1:]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    # The first process of a container ends by no signal that it does not ask for.
    ends = (signal.SIGTERM, signal.SIGINT)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    any_address = "::" if ":" in os.environ.get("POD_IPS", "") else "0.0.0.0"  # noqa: S104 - for Prometheus
    start_http_server(int(port), any_address, registry)
    signal.sigwait(ends)
