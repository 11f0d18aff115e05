"""Whether a claim governs a slot, and so who moves a version into it.

Two witnesses: the versions in the registry, which the operator signs with the claim that has moved them, and the claims
in the cluster, of which some may not have moved anything yet.
"""

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import (
    Governed,
    Invalid,
    MissingExtra,
    NotFound,
    PermissionDenied,
    RegistryError,
    Unavailable,
)
from mlflow_operator.model_registry.metadata.registry import Registry
from mlflow_operator.model_registry.promotion import by_claim, by_registry, claims
from mlflow_operator.model_registry.promotion import cluster as kubernetes
from mlflow_operator.model_registry.promotion.claims import ClaimName, Object
from mlflow_operator.model_registry.promotion.cluster import Cluster
from mlflow_operator.model_registry.results import Promotion, Slot

Via = Literal["mlflow", "kubernetes"]

_FINDING = 10.0
"""Seconds in which a cluster has to say who governs a slot; one that hangs may have nothing to do with it."""


@dataclass(frozen=True)
class Wanted:
    """A promotion, as it is asked for."""

    model: str
    version: int
    slot: Slot
    archive: bool
    via: Via | None
    claim: ClaimName | None
    """The claim that the caller names."""


@dataclass(frozen=True)
class _Found:
    """Claims on a slot."""

    sure: Sequence[Object]
    """Those that govern it."""
    unsure: Sequence[Object] = ()
    """Those on a server of which nobody can tell whether it is this one."""


async def promote(registry: Registry, wanted: Wanted, until: Deadline) -> Promotion:
    """Bring the version into the slot, by whoever has to.

    Raises:
        Governed: A claim governs the slot, and could not be asked, or has not moved it.
        RegistryError: As ``by_claim.promote`` and ``by_registry.promote``.
    """
    signed = claims.signed(await registry.versions(wanted.model, until, young=True), wanted.slot)
    asked_for = wanted.claim is not None or wanted.via == "kubernetes"
    if asked_for or signed or kubernetes.is_configured(os.environ):
        async with AsyncExitStack() as stack:
            try:
                cluster = await stack.enter_async_context(kubernetes.connected())
                within = Deadline(min(_FINDING, until.left()))
                claim = await _governing(cluster, registry, wanted, signed, within)
            except (MissingExtra, Unavailable, PermissionDenied) as error:
                if asked_for:
                    raise
                _check_free(wanted, signed, error)
                claim = None
            if claim is not None:
                return await _by_claim(cluster, registry, claim, wanted, until)
    return await by_registry.promote(registry, wanted.model, wanted.version, wanted.slot, until, archive=wanted.archive)


async def _by_claim(cluster: Cluster, registry: Registry, claim: Object, wanted: Wanted, until: Deadline) -> Promotion:
    if wanted.via == "mlflow":
        name = claims.name_of(claim)
        raise Governed(f"claim {name} governs {wanted.slot} of {wanted.model}; promote through it, or delete it first")
    try:
        return await by_claim.promote(cluster, claim, wanted.version, wanted.slot, until)
    finally:
        await registry.changed(wanted.model)


def _check_free(wanted: Wanted, signed: set[ClaimName], error: RegistryError) -> None:
    """Nothing, unless the registry says that a claim governs the slot, which nobody can ask now."""
    if signed:
        names = ", ".join(sorted(map(str, signed)))
        raise Governed(
            f"claim {names} has moved {wanted.slot} of {wanted.model}, and could not be asked: {error}; ask with the"
            " rights to read and change it, or change its version in Git"
        ) from error


async def _governing(
    cluster: Cluster, registry: Registry, wanted: Wanted, signed: set[ClaimName], until: Deadline
) -> Object | None:
    """The claim that has to be asked; None where nobody governs the slot."""
    if wanted.claim is not None:
        return await _named(cluster, wanted, wanted.claim, until)
    found = await _signers(cluster, wanted, signed, until)
    if not found.sure:
        found = await _listed(cluster, registry, wanted, until)
    if signed and not found.sure and wanted.via is None:
        await _check_cluster(cluster, registry, wanted, signed, until)
    return _chosen(wanted, found)


async def _check_cluster(
    cluster: Cluster, registry: Registry, wanted: Wanted, signed: set[ClaimName], until: Deadline
) -> None:
    """Nothing, if the cluster has this MLflow; in another one nobody can see whether the claim was deleted."""
    url = registry.rest.connection.url
    if any(claims.is_at(server, url, cluster.namespace) for server in await cluster.servers(until)):
        return
    names = ", ".join(sorted(map(str, signed)))
    raise Governed(
        f"claim {names} has moved {wanted.slot} of {wanted.model}, and is not in this cluster, which has no"
        " MLflowServer at this URL: use the kubeconfig of the right one, or say via='mlflow' if the claim was deleted"
    )


async def _named(cluster: Cluster, wanted: Wanted, name: ClaimName, until: Deadline) -> Object:
    claim = await cluster.claim(name, until)
    if claim is None:
        raise NotFound(f"there is no claim {name}")
    if not claims.governs(claim, wanted.model, wanted.slot):
        raise Invalid(f"claim {name} is not about {wanted.slot} of {wanted.model}")
    return claim


async def _signers(cluster: Cluster, wanted: Wanted, signed: set[ClaimName], until: Deadline) -> _Found:
    """The claims that have moved versions into the slot, and are still there."""
    found = [await cluster.claim(name, until) for name in sorted(signed, key=str)]
    return _Found([claim for claim in found if claim and claims.governs(claim, wanted.model, wanted.slot)])


async def _listed(cluster: Cluster, registry: Registry, wanted: Wanted, until: Deadline) -> _Found:
    """The claims on the slot that may have moved nothing yet."""
    to = registry.rest.connection
    sure: list[Object] = []
    unsure: list[Object] = []
    for claim in await cluster.claims(wanted.model, until):
        if not claims.governs(claim, wanted.model, wanted.slot):
            continue
        try:
            server = await cluster.server(claims.server_of(claim), until)
        except PermissionDenied:
            unsure.append(claim)
            continue
        if server and not claims.is_at(server, to.url, cluster.namespace):
            unsure.append(claim)
        elif server and claims.same_workspace(claim, server, to.workspace):
            sure.append(claim)
    return _Found(sure, unsure)


def _chosen(wanted: Wanted, found: _Found) -> Object | None:
    """The one claim that has the slot.

    Raises:
        Governed: Nobody can tell which of several, or whether a claim is about this MLflow.
        NotFound: A claim was asked for, and there is none.
    """
    sure = [claim for claim in found.sure if not claims.outdone(claim)] or list(found.sure)
    candidates = sure or (list(found.unsure) if wanted.via != "mlflow" else [])
    names = ", ".join(sorted(str(claims.name_of(claim)) for claim in candidates))
    if len(candidates) > 1:
        raise Governed(f"claims {names} are all about {wanted.slot} of {wanted.model}; say which with claim=")
    if candidates and not sure and wanted.via is None:
        raise Governed(
            f"claim {names} is about {wanted.slot} of a model {wanted.model}, on a server at another URL than this one;"
            f" say claim={names!r} if it is the same MLflow, and via='mlflow' if it is not"
        )
    if not candidates and wanted.via == "kubernetes":
        raise NotFound(f"no claim is about {wanted.slot} of {wanted.model}; apply a ModelPromotion first")
    return candidates[0] if candidates else None
