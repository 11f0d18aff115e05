"""docs/cli.md knows the commands and exit codes that there are."""

from typing import Any

from mlflow_operator.kubectl.app import app
from mlflow_operator.kubectl.terminal import exits
from unit.documentation import DOCS, named, tables

PAGE = DOCS / "cli.md"


def test_every_command_is_on_the_page() -> None:
    """And no other."""
    commands: list[Any] = [command.callback for command in app.registered_commands]
    order = [command.__name__ for command in commands]
    assert sorted(named(PAGE, "Command")) == sorted(order)


def test_every_exit_code_is_on_the_page() -> None:
    """And no other."""
    codes = {str(code) for code in (exits.WELL, exits.WRONG, exits.USAGE, exits.UNKNOWN)}
    assert {row[0] for row in tables(PAGE, "Code")} == codes
