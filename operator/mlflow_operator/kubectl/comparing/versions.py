"""What is known of one version, and where two of them differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rich.console import Console

from mlflow_operator.clients.mlflow.answers import LoggedMetric
from mlflow_operator.kubectl.terminal.output import say, table
from mlflow_operator.promotion.snapshot import ModelVersion

_OPERATORS_OWN = "mlflow.talentflow.ai/"


@dataclass(frozen=True)
class Known:
    """A version, with what its run and its logged model have."""

    version: ModelVersion
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One thing of both."""

    part: str
    """metric, param or tag."""
    name: str
    left: str | None
    right: str | None
    change: str = ""

    @property
    def differs(self) -> bool:
        """Whether there is anything to see."""
        return self.left != self.right


def measured(run: Mapping[str, float], logged: list[LoggedMetric]) -> dict[str, float]:
    """The latest value of each metric: of the run, and of the logged model by the dataset that it was logged for."""
    found = dict(run)
    for metric in sorted(logged, key=lambda m: m.at):
        found[f"{metric.key} ({metric.dataset})" if metric.dataset else metric.key] = metric.value
    return found


def rows(left: Known, right: Known) -> Iterator[Row]:
    """Metrics, parameters and tags of both, by name."""
    for name in sorted(left.metrics.keys() | right.metrics.keys()):
        before, after = left.metrics.get(name), right.metrics.get(name)
        change = f"{after - before:+.4g}" if before is not None and after is not None else ""
        yield Row("metric", name, _number(before), _number(after), change)
    for part, of_left, of_right in (
        ("param", left.params, right.params),
        ("tag", left.version.tags, right.version.tags),
    ):
        for name in sorted(of_left.keys() | of_right.keys()):
            if not name.startswith(_OPERATORS_OWN):
                yield Row(part, name, of_left.get(name), of_right.get(name))


def data(model: str, left: Known, right: Known) -> dict[str, Any]:
    """All of it for machines; metrics as numbers."""

    def side(known: Known) -> dict[str, Any]:
        version = known.version
        facts = {"version": version.version, "stage": version.stage, "run": version.run or None}
        return facts | {"metrics": dict(known.metrics), "params": dict(known.params), "tags": dict(version.tags)}

    return {"model": model, "left": side(left), "right": side(right)}


def show(to: Console, model: str, left: Known, right: Known) -> None:
    """All metrics, and of the rest what differs; how much is the same is said."""
    heads = ("", model, f"v{left.version.version}", f"v{right.version.version}", "CHANGE")
    every = [Row("", "stage", left.version.stage, right.version.stage), *rows(left, right)]
    seen = [row for row in every if row.differs or row.part in ("", "metric")]
    table(to, heads, [(row.part, row.name, row.left, row.right, row.change) for row in seen])
    same = [row for row in every if row not in seen]
    for part, group in groupby(same, key=lambda row: row.part):
        count = len(list(group))
        say(to, f"{count} {part}{'s are' if count > 1 else ' is'} the same")


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
