"""What has to be true of a version before it may hold a slot: a checklist of small questions, asked in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow_operator.api.attempt import Soak
from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.requires import RequiredTag, Requires, TagOperator
from mlflow_operator.promotion.evidence import ModelFile
from mlflow_operator.promotion.snapshot import READY, ModelVersion, slot_name
from mlflow_operator.promotion.unmet import Unmet, Way


@dataclass(frozen=True)
class Question:
    """Everything that a check may look at."""

    requires: Requires
    version: ModelVersion
    now: datetime
    is_back: bool
    """The version holds the slot, or has held it: it need not come from where versions come from."""
    file: ModelFile | None
    """What the version's MLmodel file says; None where nobody asked."""
    soak: Soak | None = None
    """Since when the version is in the slot of ``minSoak``; None where it is not."""


Check = Callable[[Question], Unmet | None]


def unregistered(version: ModelVersion) -> tuple[Unmet, ...]:
    """Why MLflow does not have the whole version, whoever asks for what; nothing where it has."""
    if version.status == READY:
        return ()
    if version.status == "FAILED_REGISTRATION":
        message = f"version {version.version} failed to register: {version.status_message}; register it again"
        return (Unmet("RegistrationFailed", message, Way.CHANGE),)
    return (Unmet("RegistrationPending", f"version {version.version} is {version.status}, waiting for {READY}"),)


def _current_stage(question: Question) -> Unmet | None:
    wanted, stage = question.requires.current_stage, question.version.stage
    if not wanted or stage in wanted or question.is_back:
        return None
    words = " or ".join(wanted)
    return Unmet("WrongStage", f"version {question.version.version} is in stage {stage}, waiting for {words}")


def _soak(question: Question) -> Unmet | None:
    wanted, version = question.requires.min_soak, question.version.version
    if wanted is None or question.is_back:
        return None
    slot = slot_name(wanted.slot)
    if question.soak is None:
        return Unmet("SoakPending", f"version {version} is not in {slot}, where it has to be for {wanted.duration}")
    end = question.soak.since + span(wanted.duration)
    if question.now >= end:
        return None
    since, until = f"{question.soak.since:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"
    return Unmet("SoakPending", f"version {version} was seen in {slot} since {since}, and has to stay until {until}")


def soak_ends(question: Question) -> datetime | None:
    """When the version has been in the slot of ``minSoak`` for long enough; None where it is not there."""
    wanted, entry = question.requires.min_soak, question.soak
    return entry.since + span(wanted.duration) if wanted and entry else None


def age_ends(question: Question) -> datetime | None:
    """When the version is too old; None where no age is too much."""
    limit = question.requires.max_age
    return datetime.fromtimestamp(question.version.created / 1000, UTC) + span(limit) if limit else None


def _age(question: Question) -> Unmet | None:
    end, version = age_ends(question), question.version
    if end is None or question.now <= end:
        return None
    message = f"version {version.version} is more than {question.requires.max_age} old; take a newer one"
    return Unmet("TooOld", message, Way.CHANGE)


def _signature(question: Question) -> Unmet | None:
    if not question.requires.signature or question.version.status != READY:
        return None  # what is not ready has no files yet, and waits for them as it is
    if question.file is not None and question.file.signature:
        return None
    version = question.version.version
    return Unmet("SignatureMissing", f"version {version} has no signature; log the model with one", Way.CHANGE)


def _input_example(question: Question) -> Unmet | None:
    if not question.requires.input_example or question.version.status != READY:
        return None
    if question.file is not None and question.file.input_example:
        return None
    version = question.version.version
    return Unmet("InputExampleMissing", f"version {version} has no input example; log the model with one", Way.CHANGE)


def _tags(question: Question) -> Unmet | None:
    tags, version = question.version.tags, question.version.version
    wanted = question.requires.tags
    wrong = [t for t in wanted if t.key in tags and not _fits(t, tags[t.key])]
    missing = [t for t in wanted if t.key not in tags and t.operator is not TagOperator.NOT_EXISTS]
    if wrong:
        words = ", ".join(_refused(t, tags[t.key]) for t in wrong)
        return Unmet("TagRefused", f"version {version}: tag {words}", Way.CHANGE)
    if missing:
        words = ", ".join(_wanted(t) for t in missing)
        return Unmet("TagMissing", f"version {version} waits for tag {words}")
    return None


def _fits(tag: RequiredTag, value: str) -> bool:
    """Whether a tag that is there is as it has to be."""
    if tag.operator is TagOperator.NOT_EXISTS:
        return False
    if tag.operator is TagOperator.IN:
        return value in tag.values
    return tag.value in (None, value)


def _refused(tag: RequiredTag, value: str) -> str:
    if tag.operator is TagOperator.NOT_EXISTS:
        return f"{tag.key} is '{value}' and has to be absent"
    wanted = f"one of {', '.join(tag.values)}" if tag.operator is TagOperator.IN else f"'{tag.value}'"
    return f"{tag.key} is '{value}' and has to be {wanted}"


def _wanted(tag: RequiredTag) -> str:
    if tag.operator is TagOperator.IN:
        return f"{tag.key} in {', '.join(tag.values)}"
    return tag.key if tag.value is None else f"{tag.key}={tag.value}"


CHECKS: tuple[Check, ...] = (
    _current_stage,  # it came the way that models have to come
    _soak,  # it has proven itself there
    _age,  # it was made of data of these days
    _signature,  # whoever serves it knows what goes in and what comes out
    _input_example,  # and can try it
    _tags,  # somebody or something has vouched for it
)


def unmet(question: Question) -> list[Unmet]:
    """Everything that is in the way, all of it at once, so that one look shows the whole list."""
    return [answer for check in CHECKS if (answer := check(question))]
