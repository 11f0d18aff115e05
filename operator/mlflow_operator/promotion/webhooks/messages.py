"""What webhooks are sent: small JSON documents that name what they are about, and can be told apart.

Their shape follows Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks): an id that stays the
same however often a message is sent, a type, a time, and data.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlflow_operator.api.gates.webhooks import Untold
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.promotion.snapshot import slot_name

FORMAT = "v1"
"""Of the data: fields are added within it, and none is changed or taken away."""

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """Something that a webhook is asked or told."""

    id: str
    """The same for the same thing, so that who has it already can tell."""
    type: str
    at: datetime
    data: Data

    @property
    def body(self) -> bytes:
        """The JSON that is sent, byte by byte the same each time."""
        moment = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = {"format": FORMAT, "type": self.type, "timestamp": moment, "data": self.data}
        return json.dumps(content, separators=(",", ":")).encode()


def news(claim: ModelPromotion, entry: Untold) -> Message:
    """What a webhook is told."""
    data = about(claim, attempt=entry.attempt, version=entry.version, from_version=entry.from_version)
    return Message(entry.id, entry.type, entry.at, data | {"reason": entry.reason, "message": entry.message})


def about(claim: ModelPromotion, *, attempt: int, version: str, from_version: str | None) -> dict[str, Any]:
    """What every message has in its data: whose it is, and what is moved where."""
    meta, spec = claim.metadata, claim.spec
    return {
        "promotion": {"namespace": meta.namespace, "name": meta.name, "uid": meta.uid},
        "server": {"namespace": claim.server_namespace, "name": spec.server_ref.name},
        "workspace": spec.server_ref.workspace,
        "model": spec.model,
        "slot": slot_name(spec.target),
        "attempt": attempt,
        "version": version,
        "fromVersion": from_version,
        "modelURI": f"models:/{spec.model}/{version}",
    }
