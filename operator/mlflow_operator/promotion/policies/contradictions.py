"""What two policies ask that cannot be true of one version: both are asked all the same, so nothing gets past them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import product

from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.gates import MetricGate
from mlflow_operator.api.gates.requires import RequiredTag, TagOperator
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.api.promotionpolicy import Governs, PromotionPolicy, PromotionPolicySpec
from mlflow_operator.promotion.gates.values import number
from mlflow_operator.promotion.gates.windows import BadWindow, ever_open
from mlflow_operator.promotion.policies.globs import overlap
from mlflow_operator.promotion.snapshot import slot_name

Finding = Callable[[PromotionPolicySpec, PromotionPolicySpec], Iterator[str]]


def contradictions(policy: PromotionPolicy, other: PromotionPolicy, now: datetime) -> list[str]:
    """What they ask that cannot both be true, in words from the first one's side; nothing where no claim is of both."""
    if not _share_claims(policy.spec.governs, other.spec.governs):
        return []
    found = [text for finding in _FINDINGS for text in finding(policy.spec, other.spec)]
    return [*found, *_windows(policy.spec, other.spec, now)]


def _share_claims(one: Governs, other: Governs) -> bool:
    """Whether there can be a claim that both are about, as far as can be told without one."""
    models = [overlap(a, b) for a, b in product(one.models or ["*"], other.models or ["*"])]
    servers = not one.servers or not other.servers or any(s in other.servers for s in one.servers)
    return any(models) and servers and _share_slots(one, other) and _share_namespaces(one, other)


def _share_slots(one: Governs, other: Governs) -> bool:
    """A claim has one stage and one alias at most: two stages are never of one claim, a stage and an alias may be."""
    if not one.slots or not other.slots:
        return True
    return any(
        slot_name(a) == slot_name(b) or (a.stage is None) != (b.stage is None)
        for a, b in product(one.slots, other.slots)
    )


def _share_namespaces(one: Governs, other: Governs) -> bool:
    """Labels with other values are of other namespaces; more is not concluded from selectors."""
    if one.namespaces is None or other.namespaces is None:
        return True
    ours, theirs = one.namespaces.match_labels, other.namespaces.match_labels
    return all(theirs.get(key, value) == value for key, value in ours.items())


def _metrics(one: PromotionPolicySpec, other: PromotionPolicySpec) -> Iterator[str]:
    for a, b in product(one.gates.metrics, other.gates.metrics):
        if Mode.DRY_RUN in (a.mode, b.mode) or (a.metric, a.source, a.dataset) != (b.metric, b.source, b.dataset):
            continue
        if _above(a, b):
            yield f"{a.metric} has to be {number(a.min or 0.0)} or more here, and {number(b.max or 0.0)} or less there"
        if _above(b, a):
            yield f"{a.metric} has to be {number(a.max or 0.0)} or less here, and {number(b.min or 0.0)} or more there"


def _above(high: MetricGate, low: MetricGate) -> bool:
    return high.min is not None and low.max is not None and high.min > low.max


def _stages(one: PromotionPolicySpec, other: PromotionPolicySpec) -> Iterator[str]:
    ours, theirs = one.requires.current_stage, other.requires.current_stage
    if ours and theirs and not set(ours) & set(theirs):
        yield f"the version has to come from {' or '.join(ours)} here, and from {' or '.join(theirs)} there"


def _tags(one: PromotionPolicySpec, other: PromotionPolicySpec) -> Iterator[str]:
    for a, b in product(one.requires.tags, other.requires.tags):
        if a.key == b.key and _exclude(a, b):
            yield f"tag {a.key} has to be {_wanted(a)} here, and {_wanted(b)} there"


def _exclude(a: RequiredTag, b: RequiredTag) -> bool:
    absent = [tag.operator is TagOperator.NOT_EXISTS for tag in (a, b)]
    if any(absent):
        return not all(absent)
    ours, theirs = _values(a), _values(b)
    return ours is not None and theirs is not None and not ours & theirs


def _values(tag: RequiredTag) -> set[str] | None:
    """The values that are taken; None: any."""
    if tag.operator is TagOperator.IN:
        return set(tag.values)
    return None if tag.value is None else {tag.value}


def _wanted(tag: RequiredTag) -> str:
    if tag.operator is TagOperator.NOT_EXISTS:
        return "absent"
    values = _values(tag)
    return "there" if values is None else " or ".join(sorted(values))


def _ages(one: PromotionPolicySpec, other: PromotionPolicySpec) -> Iterator[str]:
    for young, old, words in ((one, other, "here"), (other, one, "there")):
        limit, soak = young.requires.max_age, old.requires.min_soak
        if limit and soak and span(soak.duration) >= span(limit):
            yield f"a version may be {limit} old {words}, and has to be {soak.duration} in a slot before"


_FINDINGS: tuple[Finding, ...] = (_metrics, _stages, _tags, _ages)


def _windows(one: PromotionPolicySpec, other: PromotionPolicySpec, now: datetime) -> Iterator[str]:
    ours, theirs = one.gates.windows, other.gates.windows
    if ours is None or theirs is None or Mode.DRY_RUN in (ours.mode, theirs.mode):
        return
    try:
        together = ever_open([ours, theirs], now)
    except BadWindow:
        return  # each by itself says so
    if together is False:
        yield "the windows of both are never open at one time"
