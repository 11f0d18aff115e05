"""Webhooks: services elsewhere that are asked before a version is moved, or told what has become of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from mlflow_operator.api.durations import Timeout
from mlflow_operator.api.gates.pods import GateName
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.api.meta import LocalRef
from mlflow_operator.api.schema import ApiModel, Observed, Rule, SecretKey, rules
from mlflow_operator.api.urls import HTTP_URL


class WebhookType(StrEnum):
    """When a webhook is called."""

    CONFIRM = "Confirm"
    POST = "Post"
    EVENT = "Event"


class SigningKey(LocalRef):
    """The Secret that holds the key, or several keys while they are exchanged."""

    key: SecretKey = "key"
    """Key in the Secret."""


class Webhook(ApiModel):
    """A service that is called with a signed message."""

    name: GateName
    """Name of the webhook, and of the gate where it is one."""
    url: Annotated[str, Field(min_length=8, max_length=2048), rules(*HTTP_URL)]
    """Where it is; http, private and loopback addresses only where the operator's settings name the host."""
    type: WebhookType
    """Confirm: it is asked before the version is moved, and has to answer that it may be. Post: it is told when the
    version has been promoted. Event: it is told of everything that happens to the version on its way."""
    timeout: Timeout = "10s"
    """For how long an answer is waited for."""
    secret_ref: SigningKey | None = None
    """The key that messages are signed with. Unset: they are not, and anybody could have sent them."""
    mode: Mode = Mode.ENFORCE
    """DryRun: asked and shown, and in nobody's way; for Confirm."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.type == 'Confirm' || !has(self.mode)",
            "mode goes with type: Confirm; what is only told is in nobody's way",
            ".mode",
        ),
    )


class Untold(Observed):
    """A message that a webhook has not taken yet."""

    webhook: str
    """Name of the webhook."""
    id: str
    """The webhook-id that it is sent with, however often."""
    type: str
    """What has happened, as promotion.promoted."""
    at: datetime
    """When."""
    attempt: int
    """Number of the attempt that it is about."""
    reason: str
    """Type of the attempt, or the reason of Ready."""
    version: str
    """The version that is wanted."""
    from_version: str | None = None
    """The version that held the slot; absent: none."""
    message: str
    """What has happened, in words."""
    error: str | None = None
    """Why it was not taken when it was tried last; absent: nobody has tried."""
    given_up: bool = False
    """It is not tried any more."""
