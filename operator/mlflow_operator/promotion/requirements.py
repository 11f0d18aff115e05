"""What has to be true of a version before it may hold a slot: a checklist of small questions, asked in order."""

from collections.abc import Callable
from dataclasses import dataclass

from mlflow_operator.api.modelpromotion import ModelPromotionSpec
from mlflow_operator.promotion.snapshot import READY, ModelVersion, Snapshot


@dataclass(frozen=True)
class Question:
    """Everything that a check may look at."""

    spec: ModelPromotionSpec
    snapshot: Snapshot
    version: ModelVersion
    held_before: bool
    """The version has held the slot before."""
    signature: bool | None
    """Whether the version has a signature; None where nobody asked."""


@dataclass(frozen=True)
class Unmet:
    """Why a version may not hold the slot."""

    reason: str
    message: str
    final: bool = False
    """Waiting cannot help: somebody has to change something."""


Check = Callable[[Question], Unmet | None]


def _registered(question: Question) -> Unmet | None:
    version = question.version
    if version.status == READY:
        return None
    if version.status == "FAILED_REGISTRATION":
        message = f"version {version.version} failed to register: {version.status_message}; register it again"
        return Unmet("RegistrationFailed", message, final=True)
    return Unmet("RegistrationPending", f"version {version.version} is {version.status}, waiting for {READY}")


def _current_stage(question: Question) -> Unmet | None:
    wanted, stage = question.spec.requires.current_stage, question.version.stage
    held = question.version.version in question.snapshot.holders(question.spec.target)
    if not wanted or stage in wanted or question.held_before or held:
        return None
    words = " or ".join(wanted)
    return Unmet("WrongStage", f"version {question.version.version} is in stage {stage}, waiting for {words}")


def _signature(question: Question) -> Unmet | None:
    if not question.spec.requires.signature or question.signature or question.version.status != READY:
        return None  # what is not ready has no files yet, and waits for them as the first check says
    version = question.version.version
    return Unmet("SignatureMissing", f"version {version} has no signature; log the model with one", final=True)


def _tags(question: Question) -> Unmet | None:
    tags = question.version.tags
    missing = [t for t in question.spec.requires.tags if t.key not in tags]
    wrong = [t for t in question.spec.requires.tags if t.key in tags and t.value not in (None, tags[t.key])]
    if wrong:
        words = ", ".join(f"{t.key} is '{tags[t.key]}' and has to be '{t.value}'" for t in wrong)
        return Unmet("TagRefused", f"version {question.version.version}: tag {words}", final=True)
    if missing:
        words = ", ".join(t.key if t.value is None else f"{t.key}={t.value}" for t in missing)
        return Unmet("TagMissing", f"version {question.version.version} waits for tag {words}")
    return None


CHECKS: tuple[Check, ...] = (
    _registered,  # MLflow has the whole version
    _current_stage,  # it came the way that models have to come
    _signature,  # whoever serves it knows what goes in and what comes out
    _tags,  # somebody or something has vouched for it
)


def unmet(question: Question) -> list[Unmet]:
    """Everything that is in the way, all of it at once, so that one look shows the whole list."""
    return [answer for check in CHECKS if (answer := check(question))]
