"""What a preparation reported, read from its termination message."""

import pytest

from mlflow_operator.status.preparation import Part, Preparation

WHOLE = '{"name": "database", "ok": true, "reason": "r", "message": "m"}'
NEITHER = '{"name": "artifacts", "ok": "yes", "reason": "r", "message": "m"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Traceback",
        "[]",
        "{}",
        '{"parts": 1}',
        '{"parts": []}',
        '{"parts": [1]}',
        f'{{"parts": [{WHOLE}, {{}}]}}',
        f'{{"parts": [{WHOLE}, {NEITHER}]}}',
        '{"parts": [{"name": "database", "ok": true, "reason": "r", "message": "m", "phase": 1}]}',
    ],
)
def test_what_is_no_report_is_none(text: str) -> None:
    """A termination message may be anything."""
    assert Preparation.parse(text) is None


def test_a_report_is_read() -> None:
    """As the preparation writes it, whichever parts it has."""
    text = (
        '{"parts": [{"name": "database", "ok": false, "terminal": true, "reason": "DatabaseNewer", "message": "m",'
        ' "phase": "plan", "was": "z", "revision": "z"}, {"name": "extra", "ok": true, "reason": "r", "message": "e"},'
        ' {"name": "artifacts", "ok": true, "reason": "Writable", "message": "n", "warning": "w"}]}'
    )
    found = Preparation.parse(text)
    assert found is not None
    newer = Part(False, "DatabaseNewer", "m", terminal=True, revision="z", phase="plan", name="database")
    assert found.database == newer
    assert found.artifacts == Part(True, "Writable", "n", warning="w", name="artifacts")
    assert [part.name for part in found.parts] == ["database", "extra", "artifacts"]


def test_a_part_that_is_missing_was_not_tried() -> None:
    """A report without artifacts says nothing of them."""
    found = Preparation.parse(f'{{"parts": [{WHOLE}]}}')
    assert found is not None
    assert (found.artifacts.ok, found.artifacts.reason) == (None, "NotTried")


@pytest.mark.parametrize(
    ("ok", "phase", "connected"),
    [
        (True, None, True),
        (False, None, False),
        (False, "connect", False),
        (False, "plan", True),
        (False, "migrate", True),
    ],
)
def test_a_database_that_failed_later_has_let_the_preparation_in(ok: bool, phase: str | None, connected: bool) -> None:
    """Whether the login worked is told by the phase, not by the reason."""
    assert Part(ok, "r", "m", phase=phase).connected is connected
