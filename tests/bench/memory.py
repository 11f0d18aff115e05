"""What many claims take in memory."""

from bench import registered
from bench.footprint import peak_megabytes, resident_megabytes, until_idle
from bench.report import Row
from bench.stage import WATCHED, Stage, is_ready
from cluster.host.console import step
from cluster.plane.api import Object

BUDGET = 150


def settled(stage: Stage, models: int, each: int) -> list[Row]:
    """So many models with so many claims each, all met, and then the same for a process that finds them there.

    Every claim is on an alias of its own at a version of its own. All of it is written into MLflow's tables (see
    `registered`), as it is after a promotion, so that the claims have nothing to write there.
    """
    stage.external_server("mlflow")
    names = registered.models(stage.postgres, "many", models, versions=each)
    registered.promoted_to_aliases(stage.postgres, "many", WATCHED)
    claims = {f"{name}-{n}": _claim(name, n) for name in names for n in range(1, each + 1)}
    with step(f"{len(claims)} claims settle"):
        stage.apply_all("ModelPromotion", claims)
        stage.until_all("ModelPromotion", set(claims), is_ready)
        until_idle(stage.operator.process)
    first = _memory(stage)
    with step(f"A new process finds {len(claims)} claims"):
        stage.operator.stop()
        stage.operator.start()
        until_idle(stage.operator.process)
    what = f"{len(claims)} claims on {models} models"
    return [_row(f"RSS with {what}, settled", first), _row("the same after a restart", _memory(stage))]


def _claim(model: str, version: int) -> Object:
    target = {"alias": f"slot-{version}"}
    return {"serverRef": {"name": "mlflow"}, "model": model, "version": str(version), "target": target}


def _memory(stage: Stage) -> tuple[float, float]:
    return resident_megabytes(stage.operator.process), peak_megabytes(stage.operator.process)


def _row(what: str, memory: tuple[float, float]) -> Row:
    now, peak = memory
    return Row(what, f"{now:.0f} MB, peak {peak:.0f} MB", f"budget {BUDGET} MB", [now, peak])
