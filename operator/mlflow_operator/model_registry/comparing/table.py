"""Versions of a model beside one another: a line for whatever can be said of them, and a column for each."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlflow_operator.model_registry.extras import extra
from mlflow_operator.model_registry.results import Dataset, ModelVersion

Kind = Literal["version", "metric", "param", "tag", "dataset", "signature"]
Value = float | str | None

_NOTHING = "-"


@dataclass(frozen=True)
class Compared:
    """One version, with what its run and its model have logged."""

    version: ModelVersion
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    datasets: tuple[Dataset, ...]
    signature: Mapping[str, str] | None
    """Type of each field; None where it is not known."""


@dataclass(frozen=True)
class Row:
    """One line: what is compared, and its value for each version; None where a version has none."""

    kind: Kind
    name: str
    values: Mapping[int, Value]

    @property
    def differs(self) -> bool:
        """Whether the versions have different values; NaN is like NaN."""
        kinds = {"NaN" if isinstance(v, float) and math.isnan(v) else v for v in self.values.values()}
        return len(kinds) > 1


@dataclass(frozen=True)
class Chosen:
    """Which names are shown; None shows all that some version has."""

    metrics: tuple[str, ...] | None = None
    params: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Comparison:
    """Versions of one model; ``str()`` is a Markdown table, ``rows()`` and ``as_dict()`` are for programs."""

    model: str
    versions: tuple[Compared, ...]
    chosen: Chosen = Chosen()

    def rows(self, *, only_differences: bool = False) -> list[Row]:
        """The lines of the table: stage and aliases, metrics, params, tags, datasets, and fields of the signature."""
        rows = [*self._about(), *self._named(), *self._signature()]
        return [row for row in rows if row.differs or not only_differences]

    def as_dict(self) -> dict[int, dict[str, dict[str, Value]]]:
        """By version, then by kind, then by name, as in ``table.as_dict()[2]["metric"]["accuracy"]``."""
        found: dict[int, dict[str, dict[str, Value]]] = {c.version.version: {} for c in self.versions}
        for row in self.rows():
            for version, value in row.values.items():
                found[version].setdefault(row.kind, {})[row.name] = value
        return found

    def markdown(self, *, only_differences: bool = False) -> str:
        """A table for a pull request or a notebook; what differs is marked."""
        numbers = [compared.version.version for compared in self.versions]
        head = ["", self.model, *(f"version {number}" for number in numbers), ""]
        lines = [
            [row.kind, row.name, *(_shown(row.values[number]) for number in numbers), "≠" if row.differs else ""]
            for row in self.rows(only_differences=only_differences)
        ]
        rule = ["---"] * len(head)
        return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in [head, rule, *lines])

    def __str__(self) -> str:
        return self.markdown()

    def _repr_markdown_(self) -> str:
        """What Jupyter shows."""
        return self.markdown()

    def to_pandas(self) -> Any:
        """A DataFrame: a line for each row, by kind and name, and a column for each version.

        Raises:
            MissingExtra: pandas is not installed.
        """
        pandas = extra("pandas", "drift", "a table as a DataFrame")
        rows = self.rows()
        index = pandas.MultiIndex.from_tuples([(row.kind, row.name) for row in rows], names=["kind", "name"])
        return pandas.DataFrame([dict(row.values) for row in rows], index=index)

    def _about(self) -> Iterator[Row]:
        yield Row("version", "stage", {c.version.version: c.version.stage for c in self.versions})
        aliases = {c.version.version: ", ".join(c.version.aliases) or None for c in self.versions}
        yield Row("version", "aliases", aliases)

    def _named(self) -> Iterator[Row]:
        metrics = {c.version.version: c.metrics for c in self.versions}
        params = {c.version.version: c.params for c in self.versions}
        tags = {c.version.version: c.version.tags for c in self.versions}
        yield from self._rows("metric", metrics, self.chosen.metrics)
        yield from self._rows("param", params, self.chosen.params)
        yield from self._rows("tag", tags, self.chosen.tags)
        datasets = {c.version.version: ", ".join(map(str, c.datasets)) or None for c in self.versions}
        yield Row("dataset", "datasets", datasets)

    def _signature(self) -> Iterator[Row]:
        unread = {"MLmodel": "cannot be read"}
        found = {c.version.version: unread if c.signature is None else c.signature for c in self.versions}
        yield from self._rows("signature", found, None)

    def _rows(self, kind: Kind, values: Mapping[int, Mapping[str, Any]], names: Iterable[str] | None) -> Iterator[Row]:
        for name in sorted({n for of in values.values() for n in of}) if names is None else names:
            yield Row(kind, name, {version: of.get(name) for version, of in values.items()})


def _shown(value: Value) -> str:
    if value is None:
        return _NOTHING
    return f"{value:.6g}" if isinstance(value, float) else value


def _cell(text: str) -> str:
    """A text in one cell: nothing of it may end the cell, or the line."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
