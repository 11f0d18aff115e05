"""One message to one webhook, signed with what its Secret holds."""

import base64
from collections.abc import Mapping

from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.webhooks import SigningKey, Webhook
from mlflow_operator.clients.webhooks import signatures
from mlflow_operator.errors import LeadershipLost, OperatorError
from mlflow_operator.promotion.webhooks.answers import Answer, Unanswered
from mlflow_operator.promotion.webhooks.messages import Message
from mlflow_operator.reconcile import telemetry
from mlflow_operator.reconcile.world import World


async def send(world: World, namespace: str, webhook: Webhook, message: Message) -> Answer | Unanswered:
    """Send it, and say what came back; a Secret that cannot be used is no answer either.

    Raises:
        LeadershipLost: This process must not.
    """
    answer = await _send(world, namespace, webhook, message)
    telemetry.WEBHOOK_CALLS.labels(webhook.type, _result(answer)).inc()
    return answer


def _result(answer: Answer | Unanswered) -> str:
    if isinstance(answer, Unanswered):
        return "Unanswered"
    return "Answered" if answer.is_success else "Refused"


async def _send(world: World, namespace: str, webhook: Webhook, message: Message) -> Answer | Unanswered:
    try:
        keys = await _keys(world, namespace, webhook.secret_ref) if webhook.secret_ref else ()
    except LeadershipLost:
        raise
    except OperatorError as error:
        return Unanswered(error.message)
    except ValueError as error:
        return Unanswered(str(error))
    body = message.body
    headers = signatures.headers(message.id, int(world.clock().timestamp()), body, keys)
    return await world.webhooks.post(webhook.url, body, headers, seconds=span(webhook.timeout).total_seconds())


async def _keys(world: World, namespace: str, ref: SigningKey) -> tuple[bytes, ...]:
    """The keys.

    Raises:
        ValueError: There is no such Secret, or it holds no key.
        OperatorError: It cannot be read.
    """
    found = await world.logins.read("Secret", namespace, ref.name, world.cluster.get)
    if found is None:
        raise ValueError(f"Secret {ref.name} does not exist; create it")
    data: Mapping[str, str] = found.get("data") or {}
    if ref.key not in data:
        raise ValueError(f"Secret {ref.name} has no key {ref.key}; add it")
    try:
        return signatures.keys(base64.b64decode(data[ref.key]).decode(errors="replace"))
    except ValueError as error:
        raise ValueError(f"key {ref.key} of Secret {ref.name} {error}") from None
