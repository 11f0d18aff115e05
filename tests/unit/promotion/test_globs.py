"""Names of models with wildcards: which fit, and which globs can fit one name."""

import re
from itertools import product

import pytest

from mlflow_operator.promotion.policies.globs import fits, overlap

GLOBS = ["".join(letters) for length in range(4) for letters in product("ab*?", repeat=length)]
NAMES = ["".join(letters) for length in range(7) for letters in product("ab", repeat=length)]
WILD = {"*": ".*", "?": "."}
FITTING = {g: {n for n in NAMES if re.fullmatch("".join(WILD.get(c, c) for c in g), n)} for g in GLOBS}


def test_a_glob_fits_what_its_wildcards_say() -> None:
    """Any text and one character, as everywhere; compared with regular expressions on all short names."""
    for glob in GLOBS:
        assert {name for name in NAMES[:31] if fits(glob, name)} == FITTING[glob] & set(NAMES[:31])


def test_two_globs_overlap_where_a_name_fits_both() -> None:
    """Found out without a name; compared with all short ones."""
    for one, other in product(GLOBS, GLOBS):
        assert overlap(one, other) == bool(FITTING[one] & FITTING[other]), (one, other)


@pytest.mark.parametrize(
    ("glob", "name", "fit"),
    [
        ("fraud-*", "fraud-scoring", True),
        ("fraud-*", "Fraud-scoring", False),
        ("fraud-*", "anti-fraud-x", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a.c", "abc", False),
        ("*", "what *?", True),
        ("*x" * 60, "x" * 59 + "y", False),
    ],
)
def test_everything_else_is_taken_as_it_is(glob: str, name: str, fit: bool) -> None:
    """Brackets and dots are parts of names, and many wildcards take no time."""
    assert fits(glob, name) is fit
