"""approve and reject: one person's word on exactly the attempt that was shown."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import typer

from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.kubectl.changing.following import follow
from mlflow_operator.kubectl.looking.standing import Object, standing
from mlflow_operator.kubectl.terminal.exits import USAGE, WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.moments import written
from mlflow_operator.kubectl.terminal.output import console, say
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.running import Command

_OPEN = {"Approve": ("ApprovalRequired",), "Reject": ("ApprovalRequired", "WindowClosed")}
"""Where a claim waits for such a word: who has approved too early can be overruled until the window opens."""
_LONGEST = 50
"""Characters of a claim's name in that of an approval, which gets five more."""


@dataclass(frozen=True)
class Word:
    """What is said."""

    decision: Literal["Approve", "Reject"]
    reason: str | None
    yes: bool
    """Nobody is asked whether it is meant."""
    wait: timedelta | None


def speak(name: str, word: Word) -> Command:
    """Show what a claim asks for, ask whether it is meant, and say it to the API server."""

    async def command(person: Person) -> int:
        claim = await person.read("ModelPromotion", name)
        check(claim, word.decision)
        say(console(errors=True), *shown(claim))
        _confirm(claim, word)
        who = await person.whoami()
        made = await person.create_named_after(approval(claim, word, who))
        verb = "approved" if word.decision == "Approve" else "rejected"
        say(console(), f"{verb} by {who}: promotionapproval {made['metadata']['name']}")
        return await follow(person, name, word.wait) if word.decision == "Approve" else WELL

    return command


def check(claim: Object, decision: str) -> None:
    """Nothing, if the claim waits for such a word.

    Raises:
        Stop: It does not.
    """
    at = standing(claim)
    if at.reason not in _OPEN[decision] or not claim["status"].get("approval"):
        message = f"ModelPromotion {at.name} asks nobody: {at.reason}: {at.told}"
        raise Stop(WRONG, "NothingAsked", message)


def shown(claim: Object) -> Iterator[str]:
    """What is approved or rejected, line by line."""
    spec, status = claim["spec"], claim["status"]
    asked = status["approval"]
    rows = {
        "model": spec["model"],
        "version": str(spec["version"]),
        "slots": ", ".join(asked["slots"]),
        "holds it now": ", ".join(status.get("holders", [])) or "nobody",
        "asked for by": f"{asked.get('requestedBy') or 'nobody knows whom'}, {written(asked['since'])}",
        "approvals": f"{asked['summary']}, until {written(asked['expires'])}",
        "attempt": asked["digest"],
    }
    yield f"ModelPromotion {claim['metadata']['name']} in namespace {claim['metadata']['namespace']}"
    yield from (f"  {label:<14}{value}" for label, value in rows.items())
    for gate in status.get("gates", []):
        if gate["type"] != "Approval":
            yield f"  {'gate':<14}{gate['name']}: {gate['result']}: {gate['message']}"


def approval(claim: Object, word: Word, who: str) -> dict[str, Any]:
    """The PromotionApproval: about this claim and this attempt, and no other."""
    meta, asked = claim["metadata"], claim["status"]["approval"]
    spec = {
        "promotionRef": {"name": meta["name"], "uid": meta["uid"]},
        "slots": asked["slots"],
        "attempt": asked["digest"],
        "decision": word.decision,
        "approver": who,
        **({"reason": word.reason} if word.reason else {}),
    }
    metadata = {"generateName": f"{meta['name'][:_LONGEST]}-", "namespace": meta["namespace"]}
    return {"apiVersion": API_VERSION, "kind": "PromotionApproval", "metadata": metadata, "spec": spec}


def _confirm(claim: Object, word: Word) -> None:
    """Nothing, if the person means it.

    Raises:
        Stop: He does not, or nobody can be asked.
    """
    if word.yes:
        return
    if not sys.stdin.isatty():
        raise Stop(USAGE, "NobodyToAsk", f"there is no terminal to ask whether you {word.decision.lower()}; pass --yes")
    version, slots = claim["spec"]["version"], ", ".join(claim["status"]["approval"]["slots"])
    if not typer.confirm(f"{word.decision} version {version} for {slots}?", err=True):
        raise Stop(WRONG, "NotMeant", "nothing was said")
