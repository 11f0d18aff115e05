"""What a preparation reported, read from its termination message."""

import pytest

from mlflow_operator.status.preparation import Part, Preparation

WHOLE = '{"ok": true, "reason": "r", "message": "m"}'
NEITHER = '{"ok": "yes", "reason": "r", "message": "m"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Traceback",
        "[]",
        "{}",
        '{"database": 1, "artifacts": 2}',
        f'{{"database": {WHOLE}, "artifacts": {{}}}}',
        f'{{"database": {WHOLE}, "artifacts": {NEITHER}}}',
    ],
)
def test_what_is_no_report_is_none(text: str) -> None:
    """A termination message may be anything."""
    assert Preparation.parse(text) is None


def test_a_report_is_read() -> None:
    """As desired/prepare_script.py writes it."""
    text = (
        '{"database": {"ok": false, "terminal": true, "reason": "DatabaseNewer", "message": "m", "was": "z",'
        ' "revision": "z"}, "artifacts": {"ok": null, "reason": "NotTried", "message": "n"}}'
    )
    assert Preparation.parse(text) == Preparation(
        Part(False, "DatabaseNewer", "m", terminal=True, revision="z"), Part(None, "NotTried", "n")
    )
