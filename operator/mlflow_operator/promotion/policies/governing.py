"""Which policies govern a claim, and what each of them asks of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow_operator.api.gates.gates import Gates, PolicyGates
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import Governs, PromotionPolicy
from mlflow_operator.promotion.conflict import slots_of
from mlflow_operator.promotion.permission import selects
from mlflow_operator.promotion.policies.demand import Demand
from mlflow_operator.promotion.policies.globs import fits
from mlflow_operator.promotion.snapshot import slot_name


@dataclass(frozen=True)
class Circumstances:
    """What a policy looks at beside the claim itself."""

    labels: Mapping[str, str]
    """Labels of the claim's namespace."""
    servers: frozenset[tuple[str, str]]
    """Namespace and name of every MLflowServer that reaches the claim's MLflow, as far as policies name them."""


def governs(policy: PromotionPolicy, claim: ModelPromotion, at: Circumstances) -> bool:
    """Whether a claim is one of those that a policy is about."""
    about = policy.spec.governs
    return (
        (not about.models or any(fits(glob, claim.spec.model) for glob in about.models))
        and (not about.slots or not slots_of(claim.spec.target).isdisjoint(map(slot_name, about.slots)))
        and (about.namespaces is None or selects(about.namespaces, at.labels))
        and (not about.servers or any((s.namespace, s.name) in at.servers for s in about.servers))
    )


def asks_for_labels(about: Governs, claim: ModelPromotion) -> bool:
    """Whether the labels of its namespace may decide about a claim."""
    return about.namespaces is not None and (not about.models or any(fits(g, claim.spec.model) for g in about.models))


def demand(policy: PromotionPolicy, claim: ModelPromotion) -> Demand:
    """What a policy asks of a claim. A rollback skips what both of them let it skip."""
    spec = policy.spec
    skips = frozenset(spec.rollback.skip_gates) & frozenset(claim.spec.rollback.skip_gates)
    gates = Gates(**{name: getattr(spec.gates, name) for name in PolicyGates.model_fields})
    return Demand(f"policy/{policy.metadata.name}", spec.requires, gates, skips)


def stamp(policy: PromotionPolicy) -> str:
    """A policy as it was when it was asked: its name, and the generation of its spec."""
    return f"{policy.metadata.name}@{policy.metadata.generation}"
