"""A promotion that the operator makes: the claim is given another version, and says what has become of it."""

import asyncio

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Conflict, Governed, Invalid, NotFound, PermissionDenied
from mlflow_operator.model_registry.promotion import claims
from mlflow_operator.model_registry.promotion.claims import Object, Outcome
from mlflow_operator.model_registry.promotion.cluster import Cluster, about_who_asks
from mlflow_operator.model_registry.results import Promotion, Slot

_PAUSE = 0.5
"""Seconds between two looks at a claim."""


async def promote(cluster: Cluster, claim: Object, version: int, slot: Slot, until: Deadline) -> Promotion:
    """The claim's version holds its slot.

    Raises:
        Governed: The claim was asked, and has not moved the version; the message has its own words.
        Conflict: Somebody else has given it another version in between.
        PermissionDenied: The caller may not change the claim.
    """
    before = claim.get("status", {}).get("currentVersion")
    if str(claim["spec"]["version"]) == str(version) and claims.outcome(claim, version).done:
        return _promotion(claim, version, slot, before, changed=False)
    if claim["spec"].get("suspend"):
        raise Governed(
            f"claim {claims.name_of(claim)} governs {slot} and is suspended; set spec.suspend to false first"
        )
    asked = await _ask(cluster, claim, version, until)
    done = await _wait(cluster, asked, version, until)
    return _promotion(done, version, slot, before, changed=True)


async def _ask(cluster: Cluster, claim: Object, version: int, until: Deadline) -> Object:
    """Give the claim its version, in the name of whoever calls where it wants one."""
    named = claims.wants_a_name(claim)
    try:
        return await _apply(cluster, claim, version, await cluster.user(until) if named else "", until)
    except (PermissionDenied, Invalid) as error:
        if named or not about_who_asks(error):
            raise
    return await _apply(cluster, claim, version, await cluster.user(until), until)


async def _apply(cluster: Cluster, claim: Object, version: int, requested_by: str, until: Deadline) -> Object:
    """Take the field from whoever has written it, but from nobody who would put it back."""
    wish = claims.wish(claim, version, requested_by)
    try:
        return await cluster.apply(wish, until, force=False)
    except Conflict as error:
        git = claims.kept_by_git(str(error))
        if git:
            name = claims.name_of(claim)
            message = f"claim {name} is kept by {git}, which would put its version back; change it in Git"
            raise Governed(message) from error
    return await cluster.apply(wish, until, force=True)


async def _wait(cluster: Cluster, claim: Object, version: int, until: Deadline) -> Object:
    name, stands = claims.name_of(claim), claims.outcome(claim, version)
    while not stands.done:
        if stands.final:
            raise Governed(f"claim {name} has not promoted version {version}: {stands.text}")
        if until.left() <= _PAUSE:
            raise _not_yet(claim, version, stands, until)
        await asyncio.sleep(_PAUSE)
        found = await cluster.claim(name, until)
        if found is None or found["metadata"]["uid"] != claim["metadata"]["uid"]:
            raise NotFound(f"claim {name} was deleted while it was to promote version {version}")
        if str(found["spec"]["version"]) != str(version):
            given = found["spec"]["version"]
            raise Conflict(f"somebody else has given claim {name} version {given} in between; agree on one")
        claim, stands = found, claims.outcome(found, version)
    return claim


def _not_yet(claim: Object, version: int, stands: Outcome, until: Deadline) -> Governed:
    name = claims.name_of(claim)
    return Governed(
        f"claim {name} has been asked for version {version} and has not moved it within {until.seconds:g} s; it goes on"
        f" by itself when it can. It says {stands.text}"
    )


def _promotion(claim: Object, version: int, slot: Slot, before: str | None, *, changed: bool) -> Promotion:
    previous = (int(before),) if before else ()
    name = str(claims.name_of(claim))
    return Promotion(
        claim["spec"]["model"], version, str(slot), previous, changed=changed, via="kubernetes", claim=name
    )
