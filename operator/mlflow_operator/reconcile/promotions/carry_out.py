"""Writes a plan to MLflow: the differences, in the order that makes it safe to die in between."""

from dataclasses import replace

from mlflow_operator.api.attempt import Plan
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.promotion.snapshot import ModelVersion, Snapshot
from mlflow_operator.promotion.wish import Wish


async def carry_out(registry: Registry, wish: Wish, plan: Plan, snapshot: Snapshot) -> Snapshot:
    """Write a plan; what the registry holds afterwards, as far as MLflow's answers tell.

    Moving the version archives the others in the same transaction, as far as MLflow's reach. Tags come last: they say
    that the version was promoted.
    """
    model, versions = snapshot.model, dict(snapshot.versions)
    moving = [move for move in plan.moves if move.version == wish.version]
    for move in moving or plan.moves:
        archive = wish.exclusive and move in moving
        versions[move.version] = await registry.move(model, move.version, move.to_stage, archive_existing=archive)
    for alias in plan.aliases:
        await registry.set_alias(model, alias.name, alias.to_version)
    for tag, value in plan.tags.items():
        await registry.set_version_tag(model, wish.version, tag, value)
    versions[wish.version] = _tagged(versions[wish.version], plan)
    aliases = {**snapshot.aliases, **{alias.name: alias.to_version for alias in plan.aliases}}
    return replace(snapshot, versions=versions, aliases=aliases)


def _tagged(version: ModelVersion, plan: Plan) -> ModelVersion:
    return replace(version, tags={**version.tags, **plan.tags})
