"""What is said of a claim while somebody waits for it."""

from datetime import timedelta

from rich.console import Console

from mlflow_operator.kubectl.changing.waiting import settled
from mlflow_operator.kubectl.looking.standing import Object, Standing
from mlflow_operator.kubectl.terminal.exits import WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.output import console, say
from mlflow_operator.kubectl.terminal.person import Person


async def follow(person: Person, name: str, limit: timedelta | None) -> int:
    """Wait for a claim, unless nobody wants to; progress goes to standard error, the end to standard output.

    Raises:
        Stop: It takes too long.
    """
    if limit is None:
        return WELL
    to = console(errors=True)

    async def read() -> Object:
        return await person.read("ModelPromotion", name)

    end = await settled(read, lambda at: _tell(to, at), limit)
    if end is None:
        message = f"ModelPromotion {name} is not ready after {limit}; it goes on: kubectl mlflow doctor mp/{name}"
        raise Stop(WRONG, "StillWaiting", message)
    say(console(), f"{end.reason}: {end.told}")
    if end.next_step:
        say(console(), f"  next  {end.next_step}")
    return WELL if end.is_well else WRONG


def _tell(to: Console, at: Standing) -> None:
    say(to, f"{at.reason}: {at.told}")
