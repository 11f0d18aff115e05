"""Lists that come in pages, and what one may cost: nobody knows who answers at a URL that somebody has written."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from mlflow_operator.clients.mlflow import answers
from mlflow_operator.clients.mlflow.answers import Answer
from mlflow_operator.clients.mlflow.refusals import not_mlflow, too_large
from mlflow_operator.clients.transport import MIB
from mlflow_operator.errors import RegistryUnavailable

PAGE_BYTES = 32 * MIB
PAGE = 1_000
"""Items of a page: what MLflow allows for models; for versions it allows more."""
_PAGES = 100
_BYTES = 64 * MIB
_SECONDS = 60.0

Ask = Callable[[Mapping[str, str]], Awaitable[bytes]]


async def pages(base: str, items: str, query: Mapping[str, str], ask: Ask) -> AsyncIterator[Answer]:
    """The pages of a list; ``items`` is the member that holds its items, absent where there are none.

    Raises:
        RegistryUnavailable: There are too many, they are too large, or they do not end.
    """
    size, seen = 0, set[str]()
    query = {**query, "max_results": str(PAGE)}
    for _ in range(_PAGES):
        raw = await ask(query)
        size += len(raw)
        if size > _BYTES:
            raise too_large(base, f"a list of more than {_BYTES // MIB} MiB")
        page = answers.parsed(base, raw)
        if page and not page.keys() & {items, "next_page_token"}:
            raise not_mlflow(base)  # MLflow's word for none is an empty object
        yield page
        token = page.get("next_page_token")
        if not token:
            return
        if not isinstance(token, str) or token in seen:
            raise RegistryUnavailable("PageRepeated", f"{base} answered a list that begins anew instead of ending")
        seen.add(token)
        query = {**query, "page_token": token}
    raise too_large(base, f"a list of more than {_PAGES} pages of {PAGE}")


@asynccontextmanager
async def in_time(base: str) -> AsyncIterator[None]:
    """The time in which a list has to be read, with all its pages.

    Raises:
        RegistryUnavailable: It was not.
    """
    try:
        async with asyncio.timeout(_SECONDS) as clock:
            yield
    except TimeoutError as error:
        if not clock.expired():
            raise
        message = f"{base} needed more than {_SECONDS:g} s for the pages of one list; look at its database"
        raise RegistryUnavailable("ListTooSlow", message) from error
