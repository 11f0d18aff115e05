"""A metric over the versions of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_operator.model_registry.extras import extra
from mlflow_operator.model_registry.results import Point


@dataclass(frozen=True)
class MetricHistory:
    """What the run of each version has logged of one metric, oldest version first."""

    model: str
    metric: str
    points: Mapping[int, tuple[Point, ...]]
    """By version, in the order of their steps; empty where its run has none."""

    @property
    def last(self) -> dict[int, float]:
        """The last value of each version that has one."""
        return {version: points[-1].value for version, points in self.points.items() if points}

    def rows(self) -> list[dict[str, float]]:
        """Each value as version, step, time (milliseconds since 1970) and value."""
        return [
            {"version": version, "step": point.step, "time": point.time, "value": point.value}
            for version, points in self.points.items()
            for point in points
        ]

    def __str__(self) -> str:
        lines = [f"| version {version} | {value:.6g} |" for version, value in self.last.items()]
        return "\n".join([f"| {self.model} | {self.metric} |", "| --- | --- |", *lines])

    def plot(self, ax: Any = None) -> Any:
        """Draw it, and return the axes: the last value over versions, or, where there are steps, a line for each.

        Args:
            ax: axes of matplotlib's; None makes a figure.

        Raises:
            MissingExtra: matplotlib is not installed.
        """
        if ax is None:
            ax = extra("matplotlib.figure", "plot", "a plot").Figure(layout="constrained").add_subplot()
        if any(len(points) > 1 for points in self.points.values()):
            for version, points in self.points.items():
                ax.plot([p.step for p in points], [p.value for p in points], marker=".", label=f"version {version}")
            ax.set_xlabel("step")
            ax.legend()
        else:
            ax.plot([str(version) for version in self.last], list(self.last.values()), marker="o")
            ax.set_xlabel("version")
        ax.set_ylabel(self.metric)
        ax.set_title(self.model)
        return ax
