"""A webhook in memory, which answers as a test says and keeps what it was sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered

from .fakes import Outside

PASSED = Answer(200, b'{"result": "Passed"}')


@dataclass(frozen=True)
class Received:
    """A message that has come."""

    url: str
    headers: Mapping[str, str]
    content: Mapping[str, Any]
    seconds: float


@dataclass
class FakeReceiver:
    """Every webhook that a test has, by URL."""

    outside: Outside
    answers: dict[str, Answer | Unanswered] = field(default_factory=dict)
    """By URL; who is not in it says Passed."""
    received: list[Received] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer | Unanswered:
        """As Webhooks.post."""

        def effect() -> Answer | Unanswered:
            self.received.append(Received(url, dict(headers), json.loads(body), seconds))
            return self.answers.get(url, PASSED)

        return await self.outside.call("webhook", effect)
