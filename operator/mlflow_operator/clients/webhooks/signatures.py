"""Signatures of messages, as Standard Webhooks has them: HMAC-SHA256 over id, time and body.

(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key."""
_MOST = 4
"""Keys; more than two are never needed to exchange one."""


def keys(text: str) -> tuple[bytes, ...]:
    """The keys in a Secret: one, or while it is exchanged several, separated by white space.

    Raises:
        ValueError: It holds none, or something else; the text says what is expected, and nothing of what it holds.
    """
    words = text.split()
    if not 1 <= len(words) <= _MOST:
        raise ValueError(f"holds {len(words)} keys; expected are 1 to {_MOST}, separated by white space")
    return tuple(_key(word) for word in words)


def headers(id_: str, at: int, body: bytes, signed_with: Sequence[bytes]) -> dict[str, str]:
    """The headers of a message that is sent at a time, in seconds since 1970; with a signature for each key."""
    told = {"webhook-id": id_, "webhook-timestamp": str(at)}
    if signed_with:
        told["webhook-signature"] = " ".join(_signature(key, id_, at, body) for key in signed_with)
    return told


def _signature(key: bytes, id_: str, at: int, body: bytes) -> str:
    content = f"{id_}.{at}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()}"


def _key(word: str) -> bytes:
    expected = f"expected is {_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in base64"
    if not word.startswith(_PREFIX):
        raise ValueError(f"has a key that does not begin with {_PREFIX}; {expected}")
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"has a key that is not base64; {expected}") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"has a key of {len(key)} bytes; {expected}")
    return key
