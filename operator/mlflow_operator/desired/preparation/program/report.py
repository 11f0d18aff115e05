"""The termination message: one JSON document of at most 4,096 bytes, whatever is in it.

``{"parts": [part, …]}`` with a part for the database, one for the artifacts, and one for logins where there
are any. Each has ``name``, ``ok`` (true, false,
null for not tried), ``reason``, ``message`` and ``terminal`` (only a user can help); ``warning`` where it works and
something is still worth saying; ``phase`` where the database failed; ``was`` and ``revision`` of
the schema, and ``goal`` where it was only planned to migrate it there; ``connections``, how many a database lets the
server have.
"""

import json
from typing import Any

LONGEST = 4096
"""Bytes of a termination message; the kubelet cuts off what is more."""
_LONGEST_FACT = 200

Report = dict[str, Any]
_TEXTS = ("message", "warning")


def document(parts: list[Report]) -> str:
    """The parts as a document that fits; the longest texts are shortened first."""
    readable = [{key: _readable(value) for key, value in part.items()} for part in parts]
    least, most = 0, LONGEST
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if _size(_shortened(readable, middle)) <= LONGEST else (least, middle - 1)
    return _written(_shortened(readable, least))


def _readable(value: Any) -> Any:
    """A text without what UTF-8 cannot say, such as the odd bytes of a file name."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _shortened(parts: list[Report], limit: int) -> list[Report]:
    limits = dict.fromkeys(_TEXTS, limit)
    return [
        {
            key: _cut(value, limits.get(key, _LONGEST_FACT)) if isinstance(value, str) else value
            for key, value in part.items()
        }
        for part in parts
    ]


def _cut(text: str, limit: int) -> str:
    """As much of the text as takes ``limit`` bytes in JSON."""
    if _size(text) - 2 <= limit:
        return text
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if _size(text[:middle] + "…") - 2 <= limit else (least, middle - 1)
    return text[:least] + "…" if least else ""


def _size(value: Any) -> int:
    return len(_written(value).encode())


def _written(value: Any) -> str:
    return json.dumps(value if isinstance(value, str) else {"parts": value}, ensure_ascii=False)
