"""Signatures: a receiver that knows the key believes what we sent, and nothing else."""

import base64
import hashlib
from collections.abc import Mapping

import pytest

from mlflow_operator.clients.webhooks.signatures import headers, keys

BODY = b'{"format":"v1","type":"promotion.confirm"}'
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BLOCK = 64


def hmac_by_hand(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256 as RFC 2104 writes it down, for keys that are not longer than a block."""
    padded = key.ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(outer + hashlib.sha256(inner + content).digest()).digest()


def believes(secret: str, told: Mapping[str, str], body: bytes) -> bool:
    """What a receiver does, without a line of ours."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = told["webhook-id"].encode() + b"." + told["webhook-timestamp"].encode() + b"." + body
    wanted = f"v1,{base64.b64encode(hmac_by_hand(key, content)).decode()}"
    return wanted in told["webhook-signature"].split(" ")


def test_a_receiver_believes_what_was_signed_and_nothing_else() -> None:
    """Another body, id, time or key is not believed."""
    told = headers("msg_1", 1767323045, BODY, keys(SECRET))
    assert believes(SECRET, told, BODY)
    assert not believes(SECRET, told, BODY + b" ")
    assert not believes(SECRET, told | {"webhook-id": "msg_2"}, BODY)
    assert not believes(SECRET, told | {"webhook-timestamp": "1767323046"}, BODY)
    assert not believes(f"whsec_{base64.b64encode(bytes(32)).decode()}", told, BODY)


def test_the_example_of_standard_webhooks_is_signed_alike() -> None:
    """The libraries of Standard Webhooks test themselves with these values."""
    secret, id_, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    told = headers(id_, at, b'{"test": 2432232314}', keys(secret))
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_key_is_exchanged_both_are_used() -> None:
    """A receiver believes it with the old one and with the new one."""
    new = f"whsec_{base64.b64encode(b'n' * 24).decode()}"
    told = headers("msg_1", 1, BODY, keys(f"{SECRET}\n{new}\n"))
    assert believes(SECRET, told, BODY)
    assert believes(new, told, BODY)


def test_without_a_key_nothing_is_signed() -> None:
    """No header looks like a signature."""
    assert headers("msg_1", 1, BODY, ()) == {"webhook-id": "msg_1", "webhook-timestamp": "1"}


REFUSED = {
    "nothing": ("", "holds 0 keys"),
    "five": (" ".join([SECRET] * 5), "holds 5 keys"),
    "without the prefix": (SECRET.removeprefix("whsec_"), "does not begin with whsec_"),
    "not base64": ("whsec_s3cret!", "is not base64"),
    "too short": (f"whsec_{base64.b64encode(b'x' * 23).decode()}", "has a key of 23 bytes"),
    "too long": (f"whsec_{base64.b64encode(b'x' * 65).decode()}", "has a key of 65 bytes"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_key_is_refused_and_not_told(text: str, words: str) -> None:
    """The message says what is expected, and nothing of what was found."""
    with pytest.raises(ValueError, match=words) as refused:
        keys(text)
    assert all(word not in str(refused.value) for word in text.split())
