"""The termination message of a preparation."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.desired.preparation.program.report import LONGEST, document

ODD = st.one_of(st.text(max_size=5000), st.text(alphabet='"\\\n\x00é漢🚀\ud800', min_size=1000, max_size=5000))
PART = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["database", "artifacts"]),
        "ok": st.sampled_from([True, False, None]),
        "terminal": st.booleans(),
        "reason": st.just("StoreRefused"),
        "message": ODD,
    },
    optional={"warning": ODD, "revision": ODD, "was": st.none()},
)


@given(st.lists(PART, min_size=1, max_size=4))
def test_a_report_fits_and_can_be_read_whatever_it_holds(parts: list[dict[str, Any]]) -> None:
    """At most what a termination message takes, as JSON, with every part and nothing but texts shortened."""
    text = document(parts)
    assert len(text.encode()) <= LONGEST
    for part, read in zip(parts, json.loads(text)["parts"], strict=True):
        assert read.keys() == part.keys()
        assert {key: read[key] for key in ("name", "ok", "terminal", "reason")} == {
            key: part[key] for key in ("name", "ok", "terminal", "reason")
        }
        whole = part["message"].encode("utf-8", "replace").decode()
        assert read["message"] == whole or whole.startswith(read["message"].removesuffix("…"))


def test_the_longest_message_is_shortened_first() -> None:
    """A short one beside it stays whole, and nothing is wasted."""
    parts = [{"name": name, "message": message} for name, message in (("a", "x" * 9000), ("b", "short"))]
    text = document(parts)
    read = json.loads(text)["parts"]
    assert read[1]["message"] == "short"
    assert LONGEST - len(text.encode()) < 4
