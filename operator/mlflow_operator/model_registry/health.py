"""Whether an MLflow can be worked with: it answers, and so does its database, to whoever asks."""

import time
from typing import Literal, NotRequired, TypedDict

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import RegistryError
from mlflow_operator.model_registry.rest import Rest

SECONDS = 5.0


class Health(TypedDict):
    """What was found; ``error`` says why it is not healthy, ``version`` is of the server."""

    status: Literal["healthy", "unhealthy"]
    url: str
    seconds: float
    """How long the answers took."""
    version: NotRequired[str]
    error: NotRequired[str]


async def health(rest: Rest, *, seconds: float = SECONDS) -> Health:
    """Ask for the version, and something that the database has to know, within so many seconds; never raises."""
    began, url = time.monotonic(), rest.connection.url
    try:
        deadline = Deadline(seconds)
        version = (await rest.text("/version", deadline=deadline)).strip()[:40]
        await rest.search("experiments/search", {"max_results": 1}, deadline=deadline)
    except RegistryError as error:
        return Health(status="unhealthy", url=url, seconds=_since(began), error=str(error))
    return Health(status="healthy", url=url, seconds=_since(began), version=version)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
