"""A command from its start to its exit code."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import typer

from mlflow_operator.errors import OperatorError
from mlflow_operator.kubectl.terminal.output import console, say
from mlflow_operator.kubectl.terminal.person import Person, refused
from mlflow_operator.kubectl.terminal.place import Place

Command = Callable[[Person], Awaitable[int]]
"""Does what was asked for, and answers with the exit code."""
_INTERRUPTED = 130


def run(place: Place, command: Command) -> NoReturn:
    """Log in, run the command, and end with its exit code; an error is one line on standard error."""
    try:
        code = asyncio.run(_logged_in(place, command))
    except OperatorError as error:
        stop = refused(error)
        say(console(errors=True), f"{stop.reason}: {stop.message}")
        code = stop.code
    except KeyboardInterrupt:
        code = _INTERRUPTED
    raise typer.Exit(code)


async def _logged_in(place: Place, command: Command) -> int:
    async with await Person.log_in(place) as person:
        return await command(person)
