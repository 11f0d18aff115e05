"""What was found, for programs, for people and for MLflow."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlflow_operator.model_registry.drift.statistics import Test

_UNFIT = re.compile(r"[^A-Za-z0-9_\-. /]")
_LONGEST = 200
"""Characters of a column in the name of a metric; MLflow takes 250 in all."""
_SHOWN = 10
_BRIEF = 20


@dataclass(frozen=True)
class ColumnDrift:
    """One column."""

    name: str
    kind: Literal["numeric", "categorical"]
    psi: float
    jensen_shannon: float
    """Distance in bits, 0 to 1."""
    tests: tuple[Test, ...]
    p_value: float
    """The least of the tests, times the number of all tests of the report (Bonferroni), and 1 at most."""
    missing: tuple[float, float]
    """Share of missing values, in the reference and in what is compared."""
    new_categories: tuple[str, ...]
    """Those that the reference does not have: the most frequent ones, twenty at most."""
    new_share: float
    """Of rows with any category that the reference does not have."""
    drifted: bool


@dataclass(frozen=True)
class DriftReport:
    """All columns that were compared."""

    columns: tuple[ColumnDrift, ...]
    rows: tuple[int, int]
    """Of the reference, and of what is compared."""
    threshold: float
    """PSI from which a column has drifted, if a test says so too."""
    alpha: float
    """How likely a false alarm may be, over all tests of the report."""
    ignored: tuple[str, ...]
    """Columns that only one of both has."""

    @property
    def drifted(self) -> bool:
        """Whether any column has."""
        return any(column.drifted for column in self.columns)

    def metrics(self) -> dict[str, float]:
        """The report as metrics of MLflow: ``drift.detected``, ``drift.share``, and ``drift.<column>.<measure>``."""
        found: dict[str, float] = {
            "drift.detected": float(self.drifted),
            "drift.share": sum(column.drifted for column in self.columns) / len(self.columns),
        }
        for name, column in _names(self.columns).items():
            found |= {
                f"drift.{name}.psi": column.psi,
                f"drift.{name}.jensen_shannon": column.jensen_shannon,
                f"drift.{name}.p_value": column.p_value,
                f"drift.{name}.detected": float(column.drifted),
            }
        return found

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "drifted": self.drifted,
            "rows": {"reference": self.rows[0], "current": self.rows[1]},
            "threshold": self.threshold,
            "alpha": self.alpha,
            "ignored": list(self.ignored),
            "columns": [_as_dict(column) for column in self.columns],
        }

    def markdown(self) -> str:
        """The report as a table for people, with the worst first."""
        head = ["column", "kind", "PSI", "Jensen-Shannon", "p", "missing", "new", "verdict"]
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in self._rows()]
        return "\n".join([self._summary(), "", *lines])

    def __str__(self) -> str:
        head = ("COLUMN", "KIND", "PSI", "JENSEN-SHANNON", "P", "MISSING", "NEW", "VERDICT")
        rows = [head, *self._rows()]
        widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
        lines = [
            "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([*lines, "", self._summary()])

    def _summary(self) -> str:
        count = sum(column.drifted for column in self.columns)
        said = (
            f"{count} of {len(self.columns)} columns drifted"
            if count
            else f"none of {len(self.columns)} columns drifted"
        )
        rows = f"{self.rows[1]} rows compared with {self.rows[0]}"
        text = f"{said}: {rows}; PSI from {self.threshold:g} and p below {self.alpha:g} over all tests"
        if not self.ignored:
            return text
        return f"{text}; not compared: {_few(self.ignored)}"

    def _rows(self) -> list[tuple[str, ...]]:
        ordered = sorted(self.columns, key=lambda column: (not column.drifted, -column.psi, column.name))
        return [_row(column) for column in ordered]


def _row(column: ColumnDrift) -> tuple[str, ...]:
    before, now = column.missing
    return (
        _line(column.name),
        column.kind,
        f"{column.psi:.3f}",
        f"{column.jensen_shannon:.3f}",
        f"{column.p_value:.2g}",
        f"{before:.1%}" if before == now else f"{before:.1%} to {now:.1%}",
        _new(column),
        "drift" if column.drifted else "ok",
    )


def _as_dict(column: ColumnDrift) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "psi": column.psi,
        "jensen_shannon": column.jensen_shannon,
        "p_value": column.p_value,
        "tests": [{"name": one.name, "statistic": one.statistic, "p_value": one.p_value} for one in column.tests],
        "missing": {"reference": column.missing[0], "current": column.missing[1]},
        "new_categories": list(column.new_categories),
        "new_share": column.new_share,
        "drifted": column.drifted,
    }


def _names(columns: tuple[ColumnDrift, ...]) -> Mapping[str, ColumnDrift]:
    """A name that MLflow takes for each column, no two the same."""
    found: dict[str, ColumnDrift] = {}
    for column in columns:
        name = _UNFIT.sub("_", column.name)[:_LONGEST]
        if name != column.name:  # another column may look the same now
            name += "-" + hashlib.sha256(column.name.encode(errors="replace")).hexdigest()[:8]
        found[name] = column
    return found


def _new(column: ColumnDrift) -> str:
    if not column.new_categories:
        return ""
    named = ", ".join(_line(name)[:_BRIEF] for name in column.new_categories[:2])
    return f"{column.new_share:.1%}: {named}" + (", …" if len(column.new_categories) > 2 else "")


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(_line, names[:_SHOWN]))
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _line(text: str) -> str:
    """Somebody else's text within a line."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:100])


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|")
