"""What has to be written so that a version holds a slot: only the differences, so that nothing is written twice."""

from collections.abc import Mapping

from mlflow_operator.api.attempt import AliasMove, Move, Plan
from mlflow_operator.api.slots import Stage, Target
from mlflow_operator.promotion.snapshot import Snapshot
from mlflow_operator.promotion.wish import Wish


def plan(target: Target, wish: Wish, snapshot: Snapshot, tags: Mapping[str, str]) -> Plan:
    """The writes that bring the version into the slot, alone where it has to be alone, with its tags.

    ``snapshot`` has to have the version.
    """
    present = snapshot.versions[wish.version].tags
    return Plan(
        moves=_moves(target, wish, snapshot),
        aliases=_aliases(target, wish, snapshot),
        tags={key: value for key, value in tags.items() if present.get(key) != value},
    )


def _moves(target: Target, wish: Wish, snapshot: Snapshot) -> list[Move]:
    if target.stage is None:
        return []
    current = snapshot.versions[wish.version].stage
    moves = [] if current == target.stage else [Move(version=wish.version, from_stage=current, to_stage=target.stage)]
    return moves + surplus(target, wish, snapshot)


def surplus(target: Target, wish: Wish, snapshot: Snapshot) -> list[Move]:
    """The other versions in a slot that has one holder, on their way to Archived."""
    if not wish.exclusive or target.stage is None:
        return []
    others = [version for version in snapshot.holders(target) if version != wish.version]
    return [Move(version=v, from_stage=target.stage, to_stage=Stage.ARCHIVED) for v in others]


def repair(target: Target, wish: Wish, snapshot: Snapshot) -> Plan:
    """After a write that raced with somebody else's: the other holders, if ours is among several.

    MLflow's archiving is not exclusive: concurrent calls leave several holders behind. If ours is gone, then somebody
    has moved it since, and that is reported, not repaired.
    """
    if wish.version not in snapshot.holders(target):
        return Plan()
    return Plan(moves=surplus(target, wish, snapshot))


def _aliases(target: Target, wish: Wish, snapshot: Snapshot) -> list[AliasMove]:
    return [
        AliasMove(name=alias, from_version=snapshot.aliases.get(alias), to_version=wish.version)
        for alias in (target.alias, target.mirror_alias)
        if alias and snapshot.aliases.get(alias) != wish.version
    ]


def is_empty(plan_: Plan) -> bool:
    """Whether nothing has to be written."""
    return not (plan_.moves or plan_.aliases or plan_.tags)
