"""What of a Secret is secret, and how it would look elsewhere."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

SHORTEST = 8
"""Whatever is shorter is found by chance."""
PUBLIC = frozenset({"username", "tls.crt", "ca.crt"})
"""Keys of what others may know: who somebody is, and certificates."""
_CERTIFICATES = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_ALPHABETS = (bytes.maketrans(b"", b""), bytes.maketrans(b"+/", b"-_"))


def secrets(secret: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Key and value of everything in a Secret that nobody else may know; line by line, where it has several."""
    for key, encoded in (secret.get("data") or {}).items():
        if key not in PUBLIC:
            yield from ((key, value) for value in _parts(b64decode(encoded)) if len(value) >= SHORTEST)


def forms(value: bytes) -> set[bytes]:
    """All spellings to look for: as it is, quoted for a URL, escaped in JSON, in hex, and inside anything in Base64."""
    text = value.decode(errors="replace")
    found = {value, value.hex().encode(), *_in_base64(value)}
    for spelled in (quote(text, safe=""), quote(text), quote_plus(text)):
        found.add(spelled.encode())
    for escape in (_json, _json_of_go):
        found |= {escape(text).encode(), escape(escape(text)).encode()}
    return found | {json.dumps(text)[1:-1].encode(), _json(json.dumps(text)[1:-1]).encode()}


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _json_of_go(text: str) -> str:
    """As Kubernetes writes it, so that a browser may take it for HTML."""
    return _json(text).translate({ord(character): f"\\u{ord(character):04x}" for character in "<>&"})


def _parts(value: bytes) -> Iterator[bytes]:
    """The lines that matter: not those of certificates, nor those around a key, and of a URI only its password."""
    for line in _CERTIFICATES.sub(b"", value).splitlines():
        if line.startswith(b"-----"):
            continue
        parts = urlsplit(line.decode(errors="replace").strip()) if b"://" in line else None
        if parts is None:
            yield line.strip()
        elif parts.password:
            yield from (part.encode() for part in {parts.password, unquote(parts.password)})


def _in_base64(value: bytes) -> Iterator[bytes]:
    """What is the same of its Base64 whatever stands before and after it, which moves it by up to two bytes."""
    for before in range(3):
        encoded = b64encode(bytes(before) + value)
        begin = (8 * before + 5) // 6  # digits that also say something of what stands before
        end = 8 * (before + len(value)) // 6  # and those after it
        yield from (encoded[begin:end].translate(alphabet) for alphabet in _ALPHABETS)
