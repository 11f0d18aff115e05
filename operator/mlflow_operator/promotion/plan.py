"""What has to be written so that a version holds a slot: only the differences, so that nothing is written twice."""

from collections.abc import Mapping

from mlflow_operator.api.modelpromotion import AliasMove, ExistingVersions, ModelPromotionSpec, Move, Plan, Stage
from mlflow_operator.promotion.snapshot import Snapshot

_ONE_AT_A_TIME = (Stage.STAGING, Stage.PRODUCTION)


def archives(spec: ModelPromotionSpec) -> bool:
    """Whether the slot has one holder, and the others go to Archived.

    Aliases have one holder by nature. MLflow answers 500 to a request to archive for any other stage.
    """
    if spec.target.stage not in _ONE_AT_A_TIME:
        return False
    return (spec.existing_versions or ExistingVersions.ARCHIVE) is ExistingVersions.ARCHIVE


def plan(spec: ModelPromotionSpec, snapshot: Snapshot, tags: Mapping[str, str]) -> Plan:
    """The writes that bring ``spec.version`` into the slot, alone where it has to be alone, with its tags.

    ``snapshot`` has to have the version.
    """
    present = snapshot.versions[spec.version].tags
    return Plan(
        moves=_moves(spec, snapshot),
        aliases=_aliases(spec, snapshot),
        tags={key: value for key, value in tags.items() if present.get(key) != value},
    )


def _moves(spec: ModelPromotionSpec, snapshot: Snapshot) -> list[Move]:
    stage = spec.target.stage
    if stage is None:
        return []
    moves = []
    current = snapshot.versions[spec.version].stage
    if current != stage:
        moves.append(Move(version=spec.version, from_stage=current, to_stage=stage))
    return moves + surplus(spec, snapshot)


def surplus(spec: ModelPromotionSpec, snapshot: Snapshot) -> list[Move]:
    """The other versions in a slot that has one holder, on their way to Archived."""
    if not archives(spec) or spec.target.stage is None:
        return []
    others = [version for version in snapshot.holders(spec.target) if version != spec.version]
    return [Move(version=v, from_stage=spec.target.stage, to_stage=Stage.ARCHIVED) for v in others]


def _aliases(spec: ModelPromotionSpec, snapshot: Snapshot) -> list[AliasMove]:
    wanted = [alias for alias in (spec.target.alias, spec.target.mirror_alias) if alias]
    return [
        AliasMove(name=alias, from_version=snapshot.aliases.get(alias), to_version=spec.version)
        for alias in wanted
        if snapshot.aliases.get(alias) != spec.version
    ]


def is_empty(plan_: Plan) -> bool:
    """Whether nothing has to be written."""
    return not (plan_.moves or plan_.aliases or plan_.tags)
