"""What MLflow was asked for, counted from its access log: every client is in it, whatever library it uses."""

import re
import time
import uuid
from collections import Counter

from cluster.host import rest
from cluster.host.errors import ClusterError
from cluster.services.mlflow_server import MlflowServer

FLUSH_SECONDS = 5.0
_LINE = re.compile(r' - "(?P<verb>[A-Z]+) (?P<path>[^ ?"]+)\S* HTTP/[0-9.]+" \d+')
_PREFIXES = ("/api/2.0/mlflow/", "/")

Asked = Counter[str]
"""How often for what, as in `GET model-versions/search`."""


class AccessLog:
    """The requests that an MLflow answered since a moment."""

    def __init__(self, mlflow: MlflowServer) -> None:
        self._mlflow = mlflow
        self._mark = self._end()

    def requests(self) -> Asked:
        """All of them, by method and path without its query."""
        with self._mlflow.process.log.open("rb") as log:
            log.seek(self._mark)
            text = log.read(self._end() - self._mark).decode(errors="replace")
        found = (_LINE.search(line) for line in text.splitlines())
        return Counter(f"{one['verb']} {_short(one['path'])}" for one in found if one and one["path"] != "/health")

    def _end(self) -> int:
        """The end of the log, once all that was answered before is in it: a request of ours gets there behind it."""
        log, token = self._mlflow.process.log, uuid.uuid4().hex.encode()
        start = log.stat().st_size
        rest.get(f"{self._mlflow.url}/health?{token.decode()}")
        deadline = time.monotonic() + FLUSH_SECONDS
        while time.monotonic() < deadline:
            with log.open("rb") as file:
                file.seek(start)
                new = file.read()
            if token in new:
                return start + new.index(b"\n", new.index(token)) + 1 if b"\n" in new[new.index(token) :] else start
            time.sleep(0.01)
        raise ClusterError(f"{log} does not have what MLflow is asked for; its access log has to be on")


def _short(path: str) -> str:
    return next(path.removeprefix(prefix) for prefix in _PREFIXES if path.startswith(prefix))


def each(asked: Asked, count: int) -> str:
    """In words, how often for each of so many things; what was asked for a few of them only is left out."""
    shares = ((what, number / count) for what, number in sorted(asked.items()))
    return ", ".join(f"{share:.1f} {what}".replace(".0 ", " ") for what, share in shares if share >= 0.1)
