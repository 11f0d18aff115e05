"""Two frames of data, compared column by column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlflow_operator.model_registry.drift import statistics
from mlflow_operator.model_registry.drift.report import ColumnDrift, DriftReport
from mlflow_operator.model_registry.drift.statistics import Counts, Test
from mlflow_operator.model_registry.errors import Invalid

THRESHOLD = 0.2
ALPHA = 0.05
_CATEGORY = "category"
_FREQUENT = 50
"""Categories that are counted one by one."""
_NAMED = 20
"""New categories that are named in the report."""
_NOTHING_NEW = pd.Series(dtype=np.int64)


@dataclass(frozen=True)
class _Compared:
    """One column before anybody knows how many tests there are in all."""

    drift: ColumnDrift
    least: float | None
    """The least p-value of its tests; None where no test could be made."""


def compare(
    reference: Any, current: Any, *, columns: Sequence[str] | None, threshold: float, alpha: float
) -> DriftReport:
    """Compare two pandas DataFrames; see ``detect_drift``."""
    _check(reference, current, threshold, alpha)
    names, ignored = _columns(reference, current, columns)
    found = [_compare(name, reference[name], current[name]) for name in names]
    tests = sum(len(one.drift.tests) for one in found)
    judged = tuple(_judged(one, tests, threshold, alpha) for one in found)
    return DriftReport(judged, (len(reference), len(current)), threshold, alpha, ignored)


def _check(reference: Any, current: Any, threshold: float, alpha: float) -> None:
    for name, frame in (("reference", reference), ("current", current)):
        if not isinstance(frame, pd.DataFrame):
            raise Invalid(f"{name} is a {type(frame).__name__}; it has to be a pandas DataFrame")
        if not len(frame):
            raise Invalid(f"{name} has no rows, so there is nothing to compare")
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise Invalid(f"{name} has the column {twice[0]} more than once; rename one of them")
    if not threshold > 0 or not 0 < alpha < 1:
        raise Invalid(
            f"threshold is {threshold:g} and alpha {alpha:g}; a PSI is more than 0, and alpha between 0 and 1"
        )


def _columns(reference: Any, current: Any, wanted: Sequence[str] | None) -> tuple[list[str], tuple[str, ...]]:
    """The columns that are compared, and those that are not since one of both lacks them."""
    if wanted is None:
        names = [name for name in reference.columns if name in current.columns]
        alone = [name for name in [*reference.columns, *current.columns] if name not in names]
        if not names:
            raise Invalid("reference and current have no column in common; compare data of the same kind")
        return names, tuple(map(str, alone))
    for frame, has in (("reference", reference.columns), ("current", current.columns)):
        if lacking := [name for name in wanted if name not in has]:
            raise Invalid(f"{frame} has no column {lacking[0]}; it has {', '.join(map(str, has[:20]))}")
    if not wanted:
        raise Invalid("columns names no column; leave it out for all of them")
    return list(dict.fromkeys(wanted)), ()


def _compare(name: str, reference: Any, current: Any) -> _Compared:
    kinds = {_kind(series) for series in (reference, current) if series.notna().any()}
    if len(kinds) > 1:
        types = f"{reference.dtype} in the reference and {current.dtype} in current"
        raise Invalid(f"column {name} is {types}; make both the same, or leave it out with columns=")
    numeric = bool(kinds) and _CATEGORY not in kinds
    shares = (float(reference.isna().mean()), float(current.isna().mean()))
    gone = statistics.missing(int(reference.isna().sum()), len(reference), int(current.isna().sum()), len(current))
    here = (reference.dropna(), current.dropna())
    counted, test, new = _numbers(*here) if numeric else _categories(*here)
    before, now = (
        np.append(some, [len(all_) - len(kept)])
        for some, all_, kept in zip(counted, (reference, current), here, strict=True)
    )
    tests = tuple(one for one in (test, gone) if one is not None)
    drift = ColumnDrift(
        name=str(name),
        kind="numeric" if numeric else "categorical",
        psi=statistics.population_stability_index(before, now),
        jensen_shannon=statistics.jensen_shannon_distance(before, now),
        tests=tests,
        p_value=1.0,
        missing=shares,
        new_categories=tuple(map(str, new.index[:_NAMED])),
        new_share=float(new.sum() / len(current)),
        drifted=False,
    )
    return _Compared(drift, min((one.p_value for one in tests), default=None))


def _judged(one: _Compared, tests: int, threshold: float, alpha: float) -> ColumnDrift:
    """With the verdict: the difference is large, and no accident."""
    p_value = 1.0 if one.least is None else min(1.0, one.least * tests)
    return replace(one.drift, p_value=p_value, drifted=one.drift.psi >= threshold and p_value < alpha)


def _numbers(reference: Any, current: Any) -> tuple[tuple[Counts, Counts], Test | None, Any]:
    before, now = (_as_numbers(series) for series in (reference, current))
    if not len(before) or not len(now):
        sizes = (np.array([len(before)]), np.array([len(now)]))
        return sizes, None, _NOTHING_NEW
    edges = statistics.edges(before)
    counted = (statistics.counts(before, edges), statistics.counts(now, edges))
    return counted, statistics.kolmogorov_smirnov(before, now), _NOTHING_NEW


def _categories(reference: Any, current: Any) -> tuple[tuple[Counts, Counts], Test | None, Any]:
    """Counts of the most frequent categories of the reference, of its others together, and of all new ones together.

    Alone, each of thousands of names would be too rare to say anything.
    """
    before, now = (series.astype(str).value_counts() for series in (reference, current))
    frequent = before.index[:_FREQUENT]
    new = now[~now.index.isin(before.index)]
    counted = tuple(
        np.array(
            [
                *some.reindex(frequent, fill_value=0),
                some.sum() - some.reindex(frequent, fill_value=0).sum() - more,
                more,
            ],
            dtype=np.int64,
        )
        for some, more in ((before, 0), (now, new.sum()))
    )
    test = statistics.chi_square(*counted) if len(before) and len(now) else None
    return (counted[0], counted[1]), test, new


def _kind(series: Any) -> str:
    """What the values of a column are."""
    types = pd.api.types
    if types.is_bool_dtype(series):
        return _CATEGORY
    if types.is_datetime64_any_dtype(series):
        return "time"
    if types.is_timedelta64_dtype(series):
        return "duration"
    return "number" if types.is_numeric_dtype(series) else _CATEGORY


def _as_numbers(series: Any) -> statistics.Values:
    """Numbers as they are, durations in seconds, times in seconds since 1970; one without a zone is taken as UTC."""
    kind = _kind(series)
    if kind == "time":
        series, kind = pd.to_datetime(series, utc=True) - pd.Timestamp(0, tz="UTC"), "duration"
    if kind == "duration":
        series = series.dt.total_seconds()
    return np.asarray(series.to_numpy(dtype=np.float64))
