"""Messages are signed with the key of a Secret, and are not sent without it."""

import base64
import json
from typing import Any

import pytest

from mlflow_operator.clients.webhooks import signatures
from mlflow_operator.engine.queue import Key
from mlflow_operator.errors import ClusterUnavailable

from .test_webhooks import CAB, begun, later

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


def secret(text: str, key: str = "key") -> dict[str, Any]:
    """A Secret of the team's."""
    meta = {"namespace": "team", "name": "cab"}
    return {"kind": "Secret", "metadata": meta, "spec": {}, "data": {key: base64.b64encode(text.encode()).decode()}}


SIGNED: dict[str, Any] = {"gates": {"webhooks": [CAB | {"secretRef": {"name": "cab"}, "timeout": "3s"}]}}


async def test_what_is_sent_is_signed_with_the_key_of_the_secret() -> None:
    """Over the bytes that are sent and the time at which they are; and it is waited for as long as the spec says."""
    world = begun()
    world.cluster.put(secret(SECRET + "\n"))
    world.promote(**SIGNED)
    await world.settle()
    (got,) = world.receiver.received
    body = json.dumps(got.content, separators=(",", ":")).encode()
    at = int(got.headers["webhook-timestamp"])
    assert got.headers == signatures.headers(got.headers["webhook-id"], at, body, signatures.keys(SECRET))
    assert abs(at - world.moment.timestamp()) < 60
    assert got.seconds == 3


UNSIGNED: dict[str, tuple[dict[str, Any] | None, str]] = {
    "no Secret": (None, "Secret cab does not exist; create it"),
    "no key": (secret(SECRET, "other"), "Secret cab has no key key; add it"),
    "something else": (secret("s3cret"), "key key of Secret cab has a key that does not begin with whsec_"),
    "no text": ({**secret(""), "data": {"key": "/w=="}}, "key key of Secret cab has a key that does not begin"),
}


@pytest.mark.parametrize(("found", "words"), UNSIGNED.values(), ids=UNSIGNED)
async def test_what_cannot_be_signed_is_not_sent(found: dict[str, Any] | None, words: str) -> None:
    """The gate says what is missing, never what the Secret holds, and goes on when it is there."""
    world = begun()
    if found:
        world.cluster.put(found)
    world.promote(**SIGNED)
    await world.settle()
    assert (world.ready(), world.receiver.received) == (("False", "GateError"), [])
    assert words in world.status().gates[0].message
    assert "s3cret" not in json.dumps(world.status().wire())
    if found:
        world.cluster.remove(Key("Secret", "team", "cab"))
    world.cluster.put(secret(SECRET))
    await later(world, 700)
    assert world.ready() == ("True", "Promoted")


async def test_a_cluster_that_does_not_show_the_secret_is_no_answer() -> None:
    """The claim waits and says why."""
    world = begun()
    world.outside.broken["get"] = ClusterUnavailable("ClusterUnavailable", "the Kubernetes API did not answer: no")
    world.promote(**SIGNED)
    await world.settle(1)
    assert (world.ready(), world.receiver.received) == (("False", "GateError"), [])
