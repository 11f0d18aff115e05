"""Who asked the API server for what, read from its audit log.

The log is the only place that counts every request of a client, whatever library it uses.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
FLUSH_SECONDS = 5.0


def _policy(*rules: dict[str, Any]) -> str:
    """Everything is recorded once, when it is answered, and a watch when it ends; with bodies only by these rules."""
    return json.dumps(
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived", "ResponseStarted", "Panic"],
            "omitManagedFields": True,
            "rules": [*rules, {"level": "Metadata"}],
        }
    )


_HAVE_SECRETS = (
    {"group": "", "resources": ["secrets", "serviceaccounts/token"]},
    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
)
_TICKS = {"group": "coordination.k8s.io", "resources": ["leases"]}

POLICY = _policy()
POLICY_WITH_WRITES = _policy(
    {"level": "Metadata", "resources": [*_HAVE_SECRETS, _TICKS]},
    {"level": "RequestResponse", "verbs": sorted(WRITES)},
)
"""With what was sent and answered at each write, so with every state of every object but Secrets and tokens."""

Requests = Counter[tuple[str, str]]


class AuditLog:
    """Counts requests by what was asked: `(verb, resource)` or `(verb, resource/subresource)`."""

    def __init__(self, path: Path, ask: Callable[[str], object]) -> None:
        """`ask` sends a GET for a path to the API server as any user, or raises OSError."""
        self._path = path
        self._ask = ask

    def mark(self) -> int:
        """Return the present end of the log, to be passed to `since`."""
        self._flush()
        return self._path.stat().st_size if self._path.exists() else 0

    def since(
        self, mark: int, user: str | None = None, namespace: str | None = None, *, dry_runs: bool = True
    ) -> Requests:
        """Count the requests answered after `mark`, of one user (`system:serviceaccount:NS:NAME`) or of all.

        With a namespace, only those about objects in it: what other tests leave behind goes away meanwhile.
        """
        events = self.events(mark, user)
        mine = (e for e in events if namespace in (None, e.get("objectRef", {}).get("namespace")))
        counted = (e for e in mine if dry_runs or "dryRun=All" not in e["requestURI"])
        return Counter((event["verb"], _resource(event)) for event in counted)

    def writes(self, mark: int, user: str | None = None, namespace: str | None = None) -> Requests:
        """Count the requests after `mark` that may change something; leases, which tick, and dry runs are left out."""
        counted = self.since(mark, user, namespace, dry_runs=False)
        return Counter({key: n for key, n in counted.items() if key[0] in WRITES and key[1] != "leases"})

    def events(self, mark: int, user: str | None = None) -> list[dict[str, Any]]:
        """Return the audit events after `mark`, oldest first, for questions that the counters do not answer."""
        self._flush()
        return self.seen(mark, user)

    def seen(self, mark: int, user: str | None = None) -> list[dict[str, Any]]:
        """Return those of the events that are in the file by now, without a request that waits for the rest."""
        events = (json.loads(line) for line in self._text(mark).splitlines())
        return [e for e in events if _is_real(e) and (user is None or e["user"].get("username") == user)]

    def _flush(self) -> None:
        """Wait until what was answered before is in the file: a request of ours gets there behind it."""
        token = uuid.uuid4().hex
        start = self._path.stat().st_size if self._path.exists() else 0
        try:
            self._ask(f"/version?audit={token}")
        except OSError:
            return  # no API server, so nothing is on its way either
        deadline = time.monotonic() + FLUSH_SECONDS
        while token not in self._text(start) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _text(self, start: int) -> str:
        """Return the whole lines from `start` on; one that is half written is left for the next time."""
        if not self._path.exists():
            return ""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read().rpartition(b"\n")[0].decode()


def _is_real(event: dict[str, Any]) -> bool:
    return not event["requestURI"].startswith("/version?audit=")


def _resource(event: dict[str, Any]) -> str:
    reference = event.get("objectRef")
    if reference is None or "resource" not in reference:
        return urlsplit(str(event["requestURI"])).path
    return "/".join(str(reference[part]) for part in ("resource", "subresource") if reference.get(part))
