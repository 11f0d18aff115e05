"""What was taken and asked for between two moments."""

import time
from dataclasses import dataclass

from bench.footprint import cpu_seconds
from bench.meters.access_log import AccessLog, Asked
from bench.meters.trail import Trail, split
from bench.stage import Stage


@dataclass(frozen=True)
class Usage:
    """Seconds on the clock, CPU seconds of both processes, and what MLflow and the API server were asked for."""

    seconds: float
    operator_cpu: float
    mlflow_cpu: float
    asked: Asked
    reads: int
    writes: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.seconds + other.seconds,
            self.operator_cpu + other.operator_cpu,
            self.mlflow_cpu + other.mlflow_cpu,
            self.asked + other.asked,
            self.reads + other.reads,
            self.writes + other.writes,
        )


class Meter:
    """Runs from its construction on; MLflow's CPU time is that of all its workers, PostgreSQL's is not in it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._log, self._trail = AccessLog(stage.mlflow), Trail(stage)
        self._cpu = self._cpu_seconds()
        self._begun = time.monotonic()

    def read(self) -> Usage:
        """What has come together so far."""
        seconds = time.monotonic() - self._begun
        operator, mlflow = (now - then for now, then in zip(self._cpu_seconds(), self._cpu, strict=True))
        reads, writes = split(self._trail.all_requests())
        return Usage(seconds, operator, mlflow, self._log.requests(), reads, writes)

    def _cpu_seconds(self) -> tuple[float, float]:
        return cpu_seconds(self._stage.operator.process), cpu_seconds(self._stage.mlflow.process)
