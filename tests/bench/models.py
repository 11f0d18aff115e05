"""The service for programs that train and serve: loading, logging, and what importing it costs."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.report import Row, percentile, spread
from bench.stage import Stage
from mlflow_operator.model_registry import ModelRegistry

MIB = 2**20
_LOADED = 20
"""MiB of the model that is loaded."""
_LAYER = 10
"""MiB of an array of its weights."""
_TICK = 0.005
_QUICK = {"pip_requirements": ["scikit-learn"]}  # else MLflow imports the model once more, to find out what it needs
_IMPORTS = {
    "the service": "from mlflow_operator.model_registry import ModelRegistry; ModelRegistry('http://mlflow')",
    "MLflow's client": "from mlflow import MlflowClient; MlflowClient('http://mlflow')",
}


def all_of(stage: Stage, count: int, megabytes: int) -> list[Row]:
    """Load a model so many times from each place, log one of so many megabytes, and import the service."""
    return [*asyncio.run(_loading(stage, count)), *asyncio.run(_logging(stage, megabytes)), *_importing(count)]


async def _loading(stage: Stage, count: int) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=stage.folder) as disk:
        async with ModelRegistry(stage.mlflow.url) as registry:
            run_id = await registry.log_model(_model(_LOADED), "loaded", options=_QUICK)
            version = await registry.register_model(run_id, "loaded")
        os.environ.update(MLFLOW_TRACKING_URI=stage.mlflow.url, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false")

        async def with_cache(folder: str | None) -> None:
            async with ModelRegistry(stage.mlflow.url, disk=folder) as fresh:
                await fresh.load_model("loaded", version)

        async def by_hand() -> None:
            await asyncio.to_thread(_by_hand, f"models:/loaded/{version}")

        await by_hand()  # both have imported everything now
        cold = await _timed(count, lambda: with_cache(None))
        hand = await _timed(count, by_hand)
        await with_cache(disk)
        warm = await _timed(count, lambda: with_cache(disk))
        async with ModelRegistry(stage.mlflow.url) as registry:
            await registry.load_model("loaded", version)
            memory = await _timed(count, lambda: registry.load_model("loaded", version))
    what = f"load_model, {_LOADED} MiB (n={count})"
    return [
        Row(f"{what}: from the server", spread(cold, " ms"), f"MLflow's client {spread(hand, ' ms')}", cold),
        Row(f"{what}: from the disk", spread(warm, " ms"), "", warm),
        Row(f"{what}: from memory", spread(memory, " ms"), "", memory),
    ]


async def _logging(stage: Stage, megabytes: int) -> list[Row]:
    """How late the event loop is while a model is logged, and while nothing is."""
    model = _model(megabytes)
    async with ModelRegistry(stage.mlflow.url) as registry:
        quiet, _ = await _lags(lambda: asyncio.sleep(3))
        busy, seconds = await _lags(lambda: registry.log_model(model, "logged", options=_QUICK))
    late = f"p99 {percentile(busy, 99):.1f} ms, at most {max(busy):.0f} ms"
    beside = f"with nothing to do p99 {percentile(quiet, 99):.1f} ms"
    return [Row(f"lag of the event loop while {megabytes} MiB are logged in {seconds:.1f} s", late, beside, busy)]


async def _lags(work: Callable[[], Awaitable[Any]]) -> tuple[list[float], float]:
    """Milliseconds by which a short sleep was too long, again and again, while something is done; and its seconds."""
    begun, lags = time.monotonic(), list[float]()
    task = asyncio.ensure_future(work())
    while not task.done():
        before = time.monotonic()
        await asyncio.sleep(_TICK)
        lags.append((time.monotonic() - before - _TICK) * 1000)
    await task
    return lags, time.monotonic() - begun


def _importing(count: int) -> list[Row]:
    """What a process takes that has made one, beside one that has made MLflow's client."""
    rows = []
    for what, program in _IMPORTS.items():
        found = [_process(program) for _ in range(count + 1)][1:]  # the first one finds nothing in the page cache
        seconds, megabytes = ([one[place] for one in found] for place in (0, 1))
        value = f"{spread([s * 1000 for s in seconds], ' ms')}, {statistics.median(megabytes):.0f} MB"
        rows.append((what, value, seconds))
    (_, ours, samples), (_, theirs, _) = rows
    return [Row(f"import and make it (n={count}), and resident memory", ours, f"MLflow's client {theirs}", samples)]


def _process(program: str) -> tuple[float, float]:
    measured = (
        f"import time; begun = time.perf_counter(); {program}; print(time.perf_counter() - begun);"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))"
    )
    said = subprocess.run([sys.executable, "-c", measured], check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), int(said[1]) / 1024


async def _timed(count: int, work: Callable[[], Awaitable[Any]]) -> list[float]:
    """Milliseconds of each."""
    found = []
    for _ in range(count):
        before = time.perf_counter()
        await work()
        found.append((time.perf_counter() - before) * 1000)
    return found


def _by_hand(uri: str) -> None:
    import mlflow.sklearn  # noqa: PLC0415 - what it costs is measured

    mlflow.sklearn.load_model(uri)


def _model(megabytes: int) -> Any:
    """A model with weights that nothing compresses, in layers: pickle copies an array at once."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    layers = [min(_LAYER, megabytes - done) for done in range(0, megabytes, _LAYER)]
    model.weights_ = [np.frombuffer(os.urandom(size * MIB), dtype=np.uint8) for size in layers]
    return model
