"""What the audit log says happened, and when: moments on the API server's clock, not looks in between."""

from collections import Counter
from datetime import datetime
from typing import Any

from bench.stage import WATCHED, Stage
from cluster.plane.audit import WRITES, Requests
from cluster.services.operator_process import USER

Event = dict[str, Any]


class Trail:
    """The requests in the watched namespace since a moment."""

    def __init__(self, stage: Stage) -> None:
        self._audit = stage.plane.audit
        self._mark = self._audit.mark()

    def events(self) -> list[Event]:
        """All of them, oldest first."""
        found = self._audit.events(self._mark)
        return [e for e in found if e.get("objectRef", {}).get("namespace") == WATCHED]

    def requests(self) -> Requests:
        """Those of the operator, without watches and its periodic lists: what an object costs."""
        counted = Counter((e["verb"], resource(e)) for e in self.events() if is_operator(e))
        return Counter({(v, r): n for (v, r), n in counted.items() if v != "watch" and (v != "list" or r == "pods")})

    def all_requests(self) -> Requests:
        """Those of the operator, with lists: what time costs."""
        return Counter((e["verb"], resource(e)) for e in self.events() if is_operator(e) and e["verb"] != "watch")


def is_operator(event: Event) -> bool:
    """Whether the operator asked."""
    return bool(event["user"].get("username") == USER)


def is_write(event: Event) -> bool:
    """Whether something may have changed."""
    return event["verb"] in WRITES


def resource(event: Event) -> str:
    """The resource, with its subresource."""
    reference = event["objectRef"]
    return "/".join(reference[part] for part in ("resource", "subresource") if reference.get(part))


def received(event: Event) -> float:
    """When the API server got the request, in seconds since the epoch."""
    return _seconds(event["requestReceivedTimestamp"])


def answered(event: Event) -> float:
    """When it had answered."""
    return _seconds(event["stageTimestamp"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def split(requests: Requests) -> tuple[int, int]:
    """Reads and writes."""
    writes = sum(n for (verb, _), n in requests.items() if verb in WRITES)
    return requests.total() - writes, writes
