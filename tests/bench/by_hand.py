"""The same work without an operator: the fewest requests with which a careful client does it. This is the floor."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import aiohttp

from cluster.host import rest

PAGE = 1000
_API = "/api/2.0/mlflow"
# As the operator does: MLflow's workers keep the end of an answer back for 40 ms on a connection that was used before.
_HEADERS = {"Connection": "close"}

Promotion = tuple[str, str]
"""A model, and the version that goes to Production."""


def promote(url: str, promotions: Sequence[Promotion], tags: Mapping[str, str], *, at_once: int) -> None:
    """List the versions, move one of them to Production, set its tags; so many promotions at the same time."""
    asyncio.run(_promote_all(url, promotions, tags, at_once))


async def _promote_all(url: str, promotions: Sequence[Promotion], tags: Mapping[str, str], at_once: int) -> None:
    left = iter(promotions)
    async with aiohttp.ClientSession(url, headers=_HEADERS, raise_for_status=True) as session:

        async def client() -> None:
            for model, version in left:
                await _promote(session, model, version, tags)

        await asyncio.gather(*(client() for _ in range(at_once)))


async def _promote(session: aiohttp.ClientSession, model: str, version: str, tags: Mapping[str, str]) -> None:
    query = {"filter": f"name='{model}'", "max_results": str(PAGE)}
    async with session.get(f"{_API}/model-versions/search", params=query) as answer:
        known = [found["version"] for found in (await answer.json())["model_versions"]]
    if version not in known:
        raise ValueError(f"{model} has versions {known} and no {version}")
    which = {"name": model, "version": version}
    move = {**which, "stage": "Production", "archive_existing_versions": True}
    await _post(session, "transition-stage", move)
    for key, value in tags.items():
        await _post(session, "set-tag", {**which, "key": key, "value": value})


async def _post(session: aiohttp.ClientSession, what: str, body: dict[str, Any]) -> None:
    async with session.post(f"{_API}/model-versions/{what}", json=body) as answer:
        await answer.read()


def look(url: str) -> int:
    """Look at every model once; how many requests it took."""
    query, requests = {"max_results": str(PAGE)}, 0
    while True:
        status, raw = rest.get(f"{url}{_API}/registered-models/search?{urlencode(query)}")
        if status != 200:
            raise ValueError(f"registered-models/search: {status} {raw[:300]!r}")
        requests += 1
        token = json.loads(raw).get("next_page_token")
        if not token:
            return requests
        query["page_token"] = token
