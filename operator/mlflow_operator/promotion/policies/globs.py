"""Names with ``*`` for any text and ``?`` for one character: whether one fits, and whether two can fit one name."""

from collections.abc import Sequence
from enum import Enum


class _Wild(Enum):
    ANY = "*"
    ONE = "?"


_Token = str | _Wild


def fits(glob: str, name: str) -> bool:
    """Whether a name is one of those that the glob stands for; upper and lower case differ."""
    return _meet(_tokens(glob), list(name))


def overlap(one: str, other: str) -> bool:
    """Whether there is a name that both globs stand for."""
    return _meet(_tokens(one), _tokens(other))


def _tokens(glob: str) -> list[_Token]:
    return [_Wild(c) if c in "*?" else c for c in glob]


def _meet(one: Sequence[_Token], other: Sequence[_Token]) -> bool:
    """Whether the rests of both from some place on can be the same, for each pair of places, from the end."""
    below = [_are_any(other[j:]) for j in range(len(other) + 1)]
    for i in reversed(range(len(one))):
        row = [_are_any(one[i:])]
        for j in reversed(range(len(other))):
            row.append(_step(one[i], other[j], right=row[-1], below=below[j], both=below[j + 1]))
        below = row[::-1]
    return below[0]


def _step(one: _Token, other: _Token, *, right: bool, below: bool, both: bool) -> bool:
    """The same for two places, by what holds one further in the other, in the one, and in both."""
    if one is _Wild.ANY or other is _Wild.ANY:
        return right or below
    return both and (one == other or _Wild.ONE in (one, other))


def _are_any(rest: Sequence[_Token]) -> bool:
    return all(token is _Wild.ANY for token in rest)
