"""Serves a model from Production, and follows promotions: no restart, and no request dropped while the model changes.

Run it with ``uvicorn app:app --host 0.0.0.0 --port 8080``; where MLflow is, ``MLFLOW_TRACKING_URI`` says.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import pandas
from fastapi import Body, Depends, FastAPI, HTTPException

from mlflow_operator.model_registry import ModelRegistry
from mlflow_operator.model_registry.errors import RegistryError

MODEL = os.environ.get("MODEL", "candidate_scoring_model")
STAGE = os.environ.get("STAGE", "Production")
SECONDS = float(os.environ.get("FOLLOW_SECONDS", "5"))
"""Between two looks at who holds the slot."""

log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and which version it is: requests hold on to the one that they began with."""

    version: int
    model: Any


async def follow(app: FastAPI, registry: ModelRegistry) -> None:
    """Load whatever holds the slot, again and again; what is loaded goes on serving while MLflow is away."""
    while True:
        try:
            holder = await registry.get_version(MODEL, stage=STAGE)
            if app.state.loaded is None or app.state.loaded.version != holder.version:
                model = await registry.load_model(MODEL, version=holder.version)
                app.state.loaded = Loaded(holder.version, model)
                log.info("%s %s is served from now on", MODEL, holder.version)
        except RegistryError as error:
            log.warning("%s in %s could not be looked at: %s", MODEL, STAGE, error)
        await asyncio.sleep(SECONDS)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One registry and one follower for the life of the process."""
    app.state.loaded = None
    async with ModelRegistry(cache=None) as registry:  # it looks rarely, and wants to know
        app.state.follower = asyncio.create_task(follow(app, registry))
        yield
        app.state.follower.cancel()


app = FastAPI(lifespan=lifespan)


def current() -> Loaded:
    """The model that answers now."""
    loaded: Loaded | None = app.state.loaded
    if loaded is None:
        raise HTTPException(503, f"nothing of {MODEL} in {STAGE} is loaded yet")
    return loaded


@app.get("/readyz")
async def ready(loaded: Annotated[Loaded, Depends(current)]) -> dict[str, int]:
    """Requests may come as soon as a model is there."""
    return {"version": loaded.version}


@app.get("/healthz")
async def healthy() -> dict[str, str]:
    """The process answers, and follows; without a model it waits for one, which no restart would bring."""
    if app.state.follower.done():
        raise HTTPException(500, f"{MODEL} is not followed any more; a restart helps")
    return {"status": "ok"}


@app.post("/score")
def score(
    rows: Annotated[list[dict[str, float]], Body()], loaded: Annotated[Loaded, Depends(current)]
) -> dict[str, Any]:
    """Predictions, and the version that they are of. Not async: what computes has a thread, and never the loop."""
    scores = loaded.model.predict(pandas.DataFrame(rows))
    return {"version": loaded.version, "scores": scores.tolist()}
