"""Which worker of pytest runs what: files stay together, the node has one worker, and nothing long begins last."""

import pytest

import workers
from unit.documentation import ROOT

QUICK, SLOW, PURE = "tests/integration/test_docs.py", "tests/integration/gates/test_gates.py", "tests/unit/test_docs.py"


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/e2e/test_node.py::test_a", "tests/e2e"),
        ("tests/e2e/deeper/test_b.py::test_b[x/y]", "tests/e2e"),
        ("tests/ecosystem/test_walls.py::test_a", "tests/e2e"),
        ("tests/ecosystem/test_routes.py::test_a", "tests/e2e"),
        ("tests/ecosystem/test_login.py::test_a", "tests/e2e"),
        (f"{SLOW}::test_c[tests/e2e/x::y]", SLOW),
        (f"{PURE}::Class::test_d", PURE),
    ],
)
def test_a_file_has_one_worker_and_so_has_the_node(nodeid: str, expected: str) -> None:
    """Fixtures of a module are made once, and a machine has one node."""
    assert workers.group(nodeid) == expected


def test_the_long_ones_begin_first_and_what_never_waits_last() -> None:
    """A worker that begins a long file when the others are done keeps everybody waiting."""
    nodes = [f"{name}::test" for name in (PURE, QUICK, SLOW, "tests/e2e/test_node.py")]
    assert sorted(nodes, key=workers.rank) == nodes[::-1]


def test_what_is_said_to_be_long_is_there() -> None:
    """A file that was renamed would begin wherever its name puts it."""
    assert [name for name in workers.LONG if not (ROOT / name).exists()] == []
