"""Servers and slots on one screen, with what is wrong and the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from mlflow_operator.kubectl.looking.standing import Object, Standing, standing
from mlflow_operator.kubectl.terminal.output import say, table

_SERVERS = ("NAME", "VERSION", "READY", "REASON", "URL")
_CLAIMS = ("NAME", "MODEL", "SLOT", "DESIRED", "CURRENT", "READY", "REASON")

_Row = dict[str, str | None]


@dataclass(frozen=True)
class Overview:
    """The objects that were asked for, as they are."""

    servers: Sequence[Object]
    claims: Sequence[Object]

    @property
    def troubles(self) -> list[Standing]:
        """What is not ready; servers first, since claims wait for them."""
        return [s for s in map(standing, (*self.servers, *self.claims)) if not s.is_well]

    def data(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "servers": [{**standing(server).data(), **_server(server)} for server in self.servers],
            "promotions": [{**standing(claim).data(), **_claim(claim)} for claim in self.claims],
        }

    def show(self, to: Console, *, everywhere: bool) -> None:
        """All of it for people."""
        if not self.servers and not self.claims:
            say(to, "no MLflowServers and no ModelPromotions")
            return
        _show(to, _SERVERS, [(standing(s), _server(s)) for s in self.servers], everywhere=everywhere)
        _show(to, _CLAIMS, [(standing(c), _claim(c)) for c in self.claims], everywhere=everywhere)
        for trouble in self.troubles:
            show_trouble(to, trouble)


def show_trouble(to: Console, at: Standing) -> None:
    """What is wrong with one object, and the next step."""
    say(to, f"{at.kind} {at.name}: {at.reason}", style="bold")
    say(to, f"  found  {at.told}")
    if at.next_step:
        say(to, f"  next   {at.next_step}")
    say(to, "")


def _show(to: Console, heads: tuple[str, ...], rows: list[tuple[Standing, _Row]], *, everywhere: bool) -> None:
    if not rows:
        return
    heads = ("NAMESPACE", *heads) if everywhere else heads
    cells = [
        {"namespace": s.namespace, "name": s.name, "ready": s.ready, "reason": s.reason, **more} for s, more in rows
    ]
    table(to, heads, [[row[head.lower()] for head in heads] for row in cells])
    say(to, "")


def _server(obj: Object) -> _Row:
    status = obj.get("status", {})
    return {"version": status.get("version"), "url": status.get("url")}


def _claim(obj: Object) -> _Row:
    spec, status = obj["spec"], obj.get("status", {})
    return {
        "model": spec["model"],
        "slot": status.get("slot"),
        "desired": str(spec["version"]),
        "current": status.get("currentVersion"),
    }
