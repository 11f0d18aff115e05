"""Which memory is meant."""

from mlflow_operator.model_registry.errors import Invalid
from mlflow_operator.model_registry.metadata.redis_store import InRedis
from mlflow_operator.model_registry.metadata.store import InProcess, Store

_REDIS = ("redis://", "rediss://", "unix://")


def store(cache: str | None, seconds: float) -> Store | None:
    """The memory that a caller has named; None for none.

    Raises:
        Invalid: There is no such memory.
        MissingExtra: It needs a package that is not installed.
    """
    if cache is None or seconds <= 0:
        return None
    if cache == "memory":
        return InProcess()
    if cache.startswith(_REDIS):
        return InRedis(cache, seconds=seconds)
    raise Invalid("the cache is neither memory, nor a URL that begins with redis://, rediss:// or unix://, nor None")
