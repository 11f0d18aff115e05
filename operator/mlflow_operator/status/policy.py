"""The status of a PromotionPolicy: whether what it asks can be true, by itself and beside other policies."""

from collections.abc import Iterable
from datetime import datetime

from mlflow_operator.api.promotionpolicy import PromotionPolicy, PromotionPolicyStatus
from mlflow_operator.promotion.gates.windows import BadWindow, state
from mlflow_operator.promotion.policies.contradictions import contradictions
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import Verdict


def compute(policy: PromotionPolicy, others: Iterable[PromotionPolicy], now: datetime) -> PromotionPolicyStatus:
    """The status beside the other policies."""
    meta, before = policy.metadata, policy.status
    found = conditions.summary(_verdict(policy, others, now), before.conditions, generation=meta.generation, now=now)
    return before.model_copy(update={"observed_generation": meta.generation, "conditions": found})


def _verdict(policy: PromotionPolicy, others: Iterable[PromotionPolicy], now: datetime) -> Verdict:
    windows = policy.spec.gates.windows
    try:
        if windows is not None:
            state([windows], now)
    except BadWindow as error:
        return conditions.stalled(
            "WindowInvalid", f"{error}; no version that it governs is moved until that is correct"
        )
    found = {other.metadata.name: contradictions(policy, other, now) for other in others}
    texts = [f"with policy {name}: {text}" for name, every in found.items() for text in every]
    if texts:
        message = f"{'; '.join(texts)}; both are asked, so no version passes that both govern"
        return conditions.stalled("Contradiction", message)
    return conditions.done("InForce", "asked of every attempt that it governs, from the next one on")
