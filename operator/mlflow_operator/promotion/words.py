"""What users read of a decision: what was found, what was expected, and what to do."""

from mlflow_operator.api.attempt import Attempt, Plan
from mlflow_operator.api.slots import Stage
from mlflow_operator.promotion.conflict import Contender, slots_of
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.plan import is_empty
from mlflow_operator.promotion.snapshot import slot_name
from mlflow_operator.promotion.wish import REASSERT

_SHOWN = 5
"""Holders of a slot that a message names."""
_PUT_BACK = f"annotate {REASSERT} with a new value to put it back"


def suspended(facts: Facts) -> str:
    """Who holds the slot meanwhile."""
    return f"suspended; {_slot(facts)} holds {_held(facts.holders)}, spec.version is {facts.wish.version}"


def tagging(facts: Facts) -> str:
    """Only tags."""
    return f"setting the tags of version {facts.wish.version} to those of the spec; nothing moves"


def conflict(facts: Facts, rival: Contender) -> str:
    """Who has the slot instead, where that may be said, and the ways out."""
    mine = facts.claim.metadata.namespace == rival.namespace
    other = f"ModelPromotion {rival.name}" if mine else "another claim, of another namespace,"
    slots = " and ".join(sorted(rival.slots & slots_of(facts.claim.spec.target)))
    return (
        f"{other} has {slots} of {facts.claim.spec.model}, and this one writes nothing; "
        "it goes on when the other is deleted: delete one of both"
    )


def promoting(facts: Facts) -> str:
    """What is under way."""
    return f"bringing version {facts.wish.version} into {_slot(facts)}"


def holds(facts: Facts) -> str:
    """All is well."""
    return f"version {facts.wish.version} of {facts.claim.spec.model} holds {_slot(facts)}"


def onward(facts: Facts) -> str:
    """Where the version is instead."""
    version = facts.version
    if version is None or version.stage == Stage.ARCHIVED:
        return f"version {facts.wish.version} had gone on to a higher stage, and has been archived since"
    return f"version {facts.wish.version} has gone on to {version.stage}; a version has one stage"


def not_registered(facts: Facts) -> str:
    """What is waited for."""
    model, version = facts.claim.spec.model, facts.wish.version
    if not facts.snapshot.versions:
        return f"model {model} is not registered; waiting for its version {version}"
    newest = max(facts.snapshot.versions, key=int)
    return f"version {version} of {model} is not registered, the newest is {newest}; waiting for it"


def drifted(facts: Facts, done: Attempt) -> str:
    """Who holds the slot instead, and the ways out."""
    version, slot, holders = facts.wish.version, _slot(facts), facts.holders
    if not facts.snapshot.versions:
        return (
            f"model {facts.claim.spec.model} is not registered any more: it was renamed or deleted; "
            "give it its name back, or create a ModelPromotion for the new one"
        )
    if facts.version is None:
        return f"version {version} has been deleted, and {_found(facts)}; set spec.version to another"
    if facts.is_anew(done):
        return (
            f"version {version} was registered anew after attempt {done.number}: it is another one, of which nothing"
            f" was asked; annotate {REASSERT} with a new value to promote it, or set spec.version to another"
        )
    if holders == [version]:
        moved = ", ".join(f"{a.name} is at version {a.from_version or 'none'}" for a in facts.left.aliases)
        return f"{slot} holds version {version}, but alias {moved}; somebody else moved it: {_PUT_BACK}"
    return f"{_found(facts)} and should hold version {version}; somebody else moved it: {_accept(facts)}{_PUT_BACK}"


def dry_run(facts: Facts, todo: Plan) -> str:
    """What would be written."""
    if is_empty(todo):
        return f"{holds(facts)}; nothing to write"
    parts = [f"{m.version}: {m.from_stage} to {m.to_stage}" for m in todo.moves]
    parts += [f"alias {a.name}: {a.from_version or 'none'} to {a.to_version}" for a in todo.aliases]
    return f"would write: {'; '.join(parts) or 'tags'}"


def _slot(facts: Facts) -> str:
    return slot_name(facts.claim.spec.target)


def _found(facts: Facts) -> str:
    """What the slot holds; an alias may point to a version that is not there any more."""
    alias = facts.claim.spec.target.alias
    if alias and not facts.holders and (dangling := facts.snapshot.aliases.get(alias)):
        return f"{_slot(facts)} points to version {dangling}, which does not exist"
    return f"{_slot(facts)} holds {_held(facts.holders)}"


def _held(holders: list[str]) -> str:
    """Who holds a slot; None and Archived can have thousands of holders."""
    if not holders:
        return "no version"
    more = f" and {len(holders) - _SHOWN} more" if len(holders) > _SHOWN else ""
    return f"version {', '.join(holders[:_SHOWN])}{more}"


def _accept(facts: Facts) -> str:
    """How to agree with what was found, where that is possible."""
    holders = facts.holders
    if facts.wish.version in holders:
        return "remove the others in MLflow, or " if len(holders) > 1 else ""
    return f"set spec.version to {holders[0]} to accept it, or " if len(holders) == 1 else ""
