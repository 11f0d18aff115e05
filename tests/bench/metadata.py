"""What the service asks of a registry: many at once beside MLflow's client in threads, and what is remembered where."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sklearn.linear_model import LogisticRegression

from bench.report import Row, percentile, spread
from bench.stage import Stage
from cluster.services.redis import Redis
from mlflow_operator.model_registry import ModelRegistry

_MODEL = "asked-about"
_THREADS = 32
"""As many as the service has connections."""


def all_of(stage: Stage, calls: int, count: int) -> list[Row]:
    """So many calls at once, half of them lists and half comparisons; and so many look-ups one after the other."""
    asyncio.run(_registered(stage))
    redis = Redis(stage.folder / "redis")
    redis.start()
    try:
        return [*asyncio.run(_at_once(stage, calls)), *asyncio.run(_one_by_one(stage, redis, count))]
    finally:
        redis.stop()


async def _registered(stage: Stage) -> None:
    """Two versions with metrics and files, of which one has an alias."""
    async with ModelRegistry(stage.mlflow.url) as registry:
        for accuracy in (0.8, 0.9):
            model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
            options = {"pip_requirements": ["scikit-learn"]}
            run_id = await registry.log_model(model, _MODEL, metrics={"accuracy": accuracy}, options=options)
            version = await registry.register_model(run_id, _MODEL)
        await registry.promote_model(_MODEL, version, alias="champion")


async def _at_once(stage: Stage, calls: int) -> list[Row]:
    os.environ["MLFLOW_TRACKING_URI"] = stage.mlflow.url
    from mlflow import MlflowClient  # noqa: PLC0415 - the other parts need not load it

    client = MlflowClient(stage.mlflow.url)
    _by_hand(client)  # it has imported everything now
    with ThreadPoolExecutor(_THREADS) as pool:
        loop = asyncio.get_running_loop()

        async def listed() -> None:
            await loop.run_in_executor(pool, client.search_registered_models)

        async def compared() -> None:
            await loop.run_in_executor(pool, _by_hand, client)

        threads = await _all([listed, compared], calls)
    rows = []
    for what, cache in (("nothing remembered", None), ("remembered in the process", "memory")):
        async with ModelRegistry(stage.mlflow.url, cache=cache) as registry:
            found = await _all([registry.list_models, partial(registry.compare_models, _MODEL, [1, 2])], calls)
        name = f"{calls} lists and comparisons at once, {what}"
        rows.append(Row(name, _said(found), f"MLflow's client in {_THREADS} threads: {_said(threads)}", found))
    return rows


async def _one_by_one(stage: Stage, redis: Redis, count: int) -> list[Row]:
    """Who holds an alias, asked again and again."""
    rows = []
    for what, cache in (("of MLflow", None), ("from Redis", redis.url), ("in the process", "memory")):
        async with ModelRegistry(stage.mlflow.url, cache=cache) as registry:
            found = []
            for _ in range(count + 1):
                before = time.perf_counter()
                await registry.get_version(_MODEL, alias="champion")
                found.append((time.perf_counter() - before) * 1000)
        rows.append(Row(f"get_version by alias, {what} (n={count})", spread(found[1:], " ms"), "", found[1:]))
    return rows


async def _all(works: list[Callable[[], Awaitable[Any]]], calls: int) -> list[float]:
    """Seconds after which each of so many calls was answered, all of them begun at once."""
    begun, found = time.perf_counter(), list[float]()

    async def one(work: Callable[[], Awaitable[Any]]) -> None:
        await work()
        found.append(time.perf_counter() - begun)

    await asyncio.gather(*(one(works[number % len(works)]) for number in range(calls)))
    return found


def _said(seconds: list[float]) -> str:
    return f"all in {max(seconds):.2f} s, half in {percentile(seconds, 50):.2f} s"


def _by_hand(client: Any) -> None:
    """What a comparison of two versions asks, by MLflow's client: version, run, and the signature."""
    from mlflow.models import get_model_info  # noqa: PLC0415 - as above

    for number in ("1", "2"):
        client.get_run(client.get_model_version(_MODEL, number).run_id)
        _ = get_model_info(f"models:/{_MODEL}/{number}").signature
