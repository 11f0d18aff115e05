"""promote and rollback: another version in the spec, written under the person's name on what was read."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mlflow_operator.api.schema import GROUP
from mlflow_operator.errors import Conflict
from mlflow_operator.kubectl.changing import keepers
from mlflow_operator.kubectl.changing.following import follow
from mlflow_operator.kubectl.looking.standing import Object
from mlflow_operator.kubectl.terminal.exits import WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.output import console, say
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.running import Command

REQUESTED_BY = f"{GROUP}/requested-by"


@dataclass(frozen=True)
class How:
    """How a change is made."""

    dry_run: bool = False
    force: bool = False
    wait: timedelta | None = None


def promote(name: str, version: int, how: How) -> Command:
    """Ask for a version in the slot of a claim."""

    async def command(person: Person) -> int:
        return await _ask(person, await person.read("ModelPromotion", name), str(version), how)

    return command


def rollback(name: str, to: int | None, how: How) -> Command:
    """Ask for the version that held the slot before."""

    async def command(person: Person) -> int:
        claim = await person.read("ModelPromotion", name)
        return await _ask(person, claim, str(to) if to else previous(claim), how)

    return command


def previous(claim: Object) -> str:
    """The version to go back to: the holder, where the wish was not carried out; else who held the slot before it.

    Raises:
        Stop: Nobody did.
    """
    status, wanted = claim.get("status", {}), str(claim["spec"]["version"])
    attempt = status.get("attempt") or {}
    carried_out = attempt.get("toVersion") == wanted and attempt.get("finishedAt")
    found: str | None = status.get("previousVersion") if carried_out else status.get("currentVersion")
    if not found or found == wanted:
        name = claim["metadata"]["name"]
        message = f"ModelPromotion {name} remembers no version that held the slot before {wanted}; name one with --to"
        raise Stop(WRONG, "NothingBefore", message)
    return found


def change(version: str, who: str) -> dict[str, Any]:
    """What is written: the version, and who asks for it, which the API server wants to know where others approve."""
    return {"metadata": {"annotations": {REQUESTED_BY: who}}, "spec": {"version": int(version)}}


async def _ask(person: Person, claim: dict[str, Any], version: str, how: How) -> int:
    name, before = claim["metadata"]["name"], str(claim["spec"]["version"])
    to = console()
    if before == version:
        say(to, f"ModelPromotion {name} asks for version {version} already")
        return await follow(person, name, how.wait)
    await _check_keeper(person, claim, version, how)
    who = await person.whoami()
    try:
        await person.change(claim, change(version, who), dry_run=how.dry_run)
    except Conflict as error:
        message = f"somebody has changed ModelPromotion {name} in this moment; look at it and ask again"
        raise Stop(WRONG, "Conflict", message) from error
    if how.dry_run:
        say(
            to,
            f"ModelPromotion {name} would ask for version {version} instead of {before}, by {who}; nothing is written",
        )
        return WELL
    say(to, f"ModelPromotion {name} asks for version {version} instead of {before}, by {who}")
    return await follow(person, name, how.wait)


async def _check_keeper(person: Person, claim: Object, version: str, how: How) -> None:
    """Nothing, unless Git would put the change back.

    Raises:
        Stop: It would, and nobody has said that it should be made all the same.
    """
    keeper = keepers.keeper(claim)
    if keeper is None:
        return
    name, before = claim["metadata"]["name"], claim["spec"]["version"]
    told = f"ModelPromotion {name} comes from Git by {keeper}, which would put version {before} back"
    if not how.force:
        where = await keepers.source(person, keeper)
        raise Stop(WRONG, "KeptByGit", f"{told}: write version {version} into {where}, or pass --force")
    say(console(errors=True), f"warning: {told}")
