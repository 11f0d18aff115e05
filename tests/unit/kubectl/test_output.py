"""Colours are for terminals, and for nobody who does not want them."""

import os
import pty
import subprocess
import sys

import pytest

from unit.documentation import ROOT

PROGRAM = """
from mlflow_operator.kubectl.terminal.output import console, table
table(console(), ["READY"], [["True"], ["a[b]"]])
"""


def shown(**env: str) -> str:
    """What a terminal gets."""
    master, slave = pty.openpty()
    try:
        with os.fdopen(master, "rb", buffering=0) as screen:
            inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
            inherited |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT / "operator")}
            subprocess.run([sys.executable, "-c", PROGRAM], stdout=slave, env=inherited | env, check=True)
            return screen.read(4096).decode()
    finally:
        os.close(slave)


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["as it is", "NO_COLOR"])
def test_a_terminal_has_colours_unless_somebody_wants_none(env: dict[str, str], coloured: bool) -> None:
    """Green is good; NO_COLOR is honoured, and brackets are text."""
    text = shown(**env)
    assert ("\x1b[32mTrue" in text) is coloured
    assert "a[b]" in text
