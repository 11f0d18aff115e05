"""What a claim wants, apart from how it is written: everything after this reads the wish, not the spec."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from mlflow_operator.api.attempt import Attempt
from mlflow_operator.api.gates.gates import Gates
from mlflow_operator.api.modelpromotion import ExistingVersions, ModelPromotion, ModelPromotionSpec
from mlflow_operator.api.schema import GROUP, ApiModel
from mlflow_operator.api.slots import Stage

REASSERT = f"{GROUP}/reassert"
"""Annotation: a new value asks once more for the same version, after somebody else has moved it."""
_ONE_AT_A_TIME = (Stage.STAGING, Stage.PRODUCTION)
_FORMULA = "2:"
"""Of the digest; an attempt of another formula is compared by its version alone, so an upgrade opens no attempt."""


@dataclass(frozen=True)
class Wish:
    """A version for a slot, and what goes with it."""

    version: str
    exclusive: bool
    """The slot has one holder, and the others go to Archived."""
    digest: str
    """Of what moves: another one is another attempt."""
    tags: Mapping[str, str]
    tagged: str | None
    """Digest of the tags; None where there are none. Another one writes tags and moves nothing."""
    required: str
    """Digest of what the version has to be; another one is asked of the next attempt."""
    gated: str
    """Digest of what the version has to prove; another one is asked of the next attempt."""
    request: str | None
    """Value of the annotation that asks once more."""

    @classmethod
    def of(cls, claim: ModelPromotion) -> Self:
        """What a claim wants now."""
        spec = claim.spec
        return cls(
            version=spec.version,
            exclusive=_is_exclusive(spec),
            digest=_FORMULA + _digest([spec.version, _is_exclusive(spec)]),
            tags=spec.tags,
            tagged=_digest(sorted(spec.tags.items())) if spec.tags else None,
            required=_digest(_set(spec.requires)),
            gated=_digest(_set(_asked(spec.gates))),
            request=claim.metadata.annotations.get(REASSERT),
        )

    def is_of(self, attempt: Attempt) -> bool:
        """Whether an attempt was made for this wish, whichever version had the number then."""
        same = attempt.digest == self.digest or not attempt.digest.startswith(_FORMULA)
        handled = attempt.finished_at is None or self.request in (None, attempt.request)
        return attempt.to_version == self.version and same and handled


def _is_exclusive(spec: ModelPromotionSpec) -> bool:
    """Aliases have one holder by nature. MLflow answers 500 to a request to archive for any other stage."""
    if spec.target.stage not in _ONE_AT_A_TIME:
        return False
    return (spec.existing_versions or ExistingVersions.ARCHIVE) is ExistingVersions.ARCHIVE


def _asked(gates: Gates) -> Gates:
    """The gates without who is only told: a change of those asks nothing anew."""
    return gates.model_copy(update={"webhooks": gates.confirmations})


def _set(part: ApiModel) -> Any:
    """What is set in a part of the spec: a field that a later release adds changes nothing."""
    return part.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
