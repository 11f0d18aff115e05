"""Names of objects, completed from the cluster; what cannot be asked in time has no completions."""

import asyncio
from collections.abc import Iterable

import typer

from mlflow_operator.kubectl.terminal.place import Place

_PATIENCE = 3.0
"""Seconds; somebody has pressed a key and waits."""


def claims(ctx: typer.Context, incomplete: str) -> list[str]:
    """ModelPromotions."""
    return _starting(incomplete, _names(ctx, "ModelPromotion"))


def servers(ctx: typer.Context, incomplete: str) -> list[str]:
    """MLflowServers."""
    return _starting(incomplete, _names(ctx, "MLflowServer"))


def subjects(ctx: typer.Context, incomplete: str) -> list[str]:
    """Both, as the doctor wants them."""
    both = {"mls": "MLflowServer", "mp": "ModelPromotion"}
    wanted = {short: kind for short, kind in both.items() if f"{short}/".startswith(incomplete[: len(short) + 1])}
    return _starting(incomplete, (f"{short}/{name}" for short, kind in wanted.items() for name in _names(ctx, kind)))


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


def _names(ctx: typer.Context, kind: str) -> list[str]:
    from mlflow_operator.errors import OperatorError  # noqa: PLC0415 - only where somebody completes a name

    namespace, kubeconfig, context, user = map(ctx.params.get, ("namespace", "kubeconfig", "context", "user"))
    try:
        return asyncio.run(_listed(Place(namespace, False, kubeconfig, context, user), kind))
    except (OperatorError, TimeoutError):
        return []


async def _listed(place: Place, kind: str) -> list[str]:
    from mlflow_operator.kubectl.terminal.person import Person  # noqa: PLC0415

    async with asyncio.timeout(_PATIENCE), await Person.log_in(place) as person:
        return [obj["metadata"]["name"] for obj in await person.many(kind, person.namespace)]
