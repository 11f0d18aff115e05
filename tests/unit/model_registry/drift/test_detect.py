"""Data that has changed is called so, data that has not is not, and what cannot be compared is said."""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlflow_operator.model_registry.drift import detect_drift
from mlflow_operator.model_registry.drift.report import ColumnDrift
from mlflow_operator.model_registry.errors import Invalid


def people(rows: int = 2000, seed: int = 1, **changed: Any) -> pd.DataFrame:
    """Data of one distribution, but for the columns that are given."""
    chance = np.random.default_rng(seed)
    columns = {
        "age": chance.normal(40, 10, rows),
        "city": chance.choice(["Rome", "Oslo", "Lima"], rows, p=[0.5, 0.3, 0.2]),
        "member": chance.random(rows) < 0.3,
    }
    return pd.DataFrame(columns | changed)


def of(name: str, reference: pd.DataFrame, current: pd.DataFrame) -> ColumnDrift:
    """What was found of one column."""
    return next(column for column in detect_drift(reference, current).columns if column.name == name)


def test_new_data_of_the_same_kind_has_not_drifted() -> None:
    """Small differences are those of chance."""
    report = detect_drift(people(), people(seed=2))
    assert not report.drifted
    assert [column.kind for column in report.columns] == ["numeric", "categorical", "categorical"]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("age", np.random.default_rng(3).normal(46, 10, 2000)),
        ("age", np.random.default_rng(3).normal(40, 20, 2000)),
        ("city", np.random.default_rng(3).choice(["Rome", "Oslo", "Lima"], 2000, p=[0.2, 0.3, 0.5])),
        ("city", np.random.default_rng(3).choice(["Rome", "Oslo", "Lima", "Bonn"], 2000, p=[0.4, 0.3, 0.2, 0.1])),
        ("member", np.random.default_rng(3).random(2000) < 0.6),
        ("age", np.where(np.random.default_rng(3).random(2000) < 0.2, np.nan, people().age)),
    ],
    ids=["shifted", "wider", "other shares", "a new category", "truth values", "missing values"],
)
def test_a_column_that_has_changed_is_found_and_no_other(column: str, values: Any) -> None:
    """Whatever it is that has changed."""
    report = detect_drift(people(), people(seed=2, **{column: values}))
    assert [one.name for one in report.columns if one.drifted] == [column]


def test_false_alarms_are_as_rare_as_alpha_says() -> None:
    """Of 200 comparisons of twenty columns that have not changed: without Bonferroni two of three would be alarms."""
    chance, alarms = np.random.default_rng(4), 0
    for _ in range(200):
        both = [pd.DataFrame(chance.random((50, 20)), columns=[f"c{n}" for n in range(20)]) for _ in range(2)]
        alarms += detect_drift(both[0], both[1], threshold=1e-6).drifted
    assert alarms <= 200 * 0.05 * 1.8


def test_a_difference_that_is_no_accident_but_small_is_no_drift() -> None:
    """With a million rows everything is significant; PSI says whether it matters."""
    chance = np.random.default_rng(5)
    found = of("a", *(pd.DataFrame({"a": chance.normal(mean, 1, 200_000)}) for mean in (0.0, 0.05)))
    assert found.p_value < 1e-6
    assert found.psi < 0.01
    assert not found.drifted


def test_a_large_psi_of_few_rows_is_no_drift() -> None:
    """Of thirty rows deciles differ by chance alone."""
    chance = np.random.default_rng(6)
    found = of("a", *(pd.DataFrame({"a": chance.normal(0, 1, 30)}) for _ in range(2)))
    assert found.psi > 0.2
    assert not found.drifted


def test_new_categories_are_named() -> None:
    """With how many rows have any of them, also where each row has one of its own."""
    some = of("city", people(), people(city=["Rome"] * 1500 + ["Bonn"] * 400 + ["Pisa"] * 100))
    assert (some.new_categories, some.new_share, some.drifted) == (("Bonn", "Pisa"), 0.25, True)
    ids = of("id", people(id=[f"a{n}" for n in range(2000)]), people(id=[f"b{n}" for n in range(2000)]))
    assert (len(ids.new_categories), ids.new_share, ids.drifted) == (20, 1.0, True)


def test_a_column_that_is_empty_now_has_drifted() -> None:
    """There is no test of its values left, and the one of missing values says it."""
    found = of("age", people(), people(age=np.full(2000, np.nan)))
    assert (found.missing, found.drifted) == ((0.0, 1.0), True)
    assert [test.name for test in found.tests] == ["missing_values"]


def test_columns_of_one_side_are_named_and_not_compared() -> None:
    """They are no drift of a column; who wants to be told asks for them by name."""
    reference, current = people().drop(columns="city"), people(extra=1)
    report = detect_drift(reference, current)
    assert report.ignored == ("city", "extra")
    with pytest.raises(Invalid, match="reference has no column city; it has age, member"):
        detect_drift(reference, current, columns=["age", "city"])


@pytest.mark.parametrize(
    ("reference", "current", "more", "message"),
    [
        (people(), people().iloc[:0], {}, "current has no rows"),
        ([1, 2], people(), {}, "reference is a list; it has to be a pandas DataFrame"),
        (people(), people(age="old"), {}, "column age is float64 in the reference and .* in current"),
        (people(), pd.DataFrame({"other": [1]}), {}, "no column in common"),
        (people(), people(), {"threshold": 0}, "threshold is 0"),
        (people(), people(), {"alpha": 1}, "alpha 1"),
        (people(), people(), {"columns": []}, "columns names no column"),
        (people(), pd.DataFrame([[1, 2]], columns=["age", "age"]), {}, "age more than once"),
    ],
)
def test_what_cannot_be_compared_is_said(reference: Any, current: Any, more: Any, message: str) -> None:
    """With what was found, and what it has to be."""
    with pytest.raises(Invalid, match=message):
        detect_drift(reference, current, **more)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1.0, np.inf, -np.inf] * 40),
        pd.Series([True, None] * 60, dtype=object),
        pd.Series([1, 2, None] * 40, dtype="Int64"),
        pd.Series(pd.date_range("2026-01-01", periods=120)),
        pd.Series(pd.date_range("2026-01-01", periods=120, tz="Europe/Rome")),
        pd.Series(pd.timedelta_range("1h", periods=120)),
        pd.Series(["a", "b", None] * 40, dtype="category"),
        pd.Series([[1], {"b": 2}] * 60),
        pd.Series([7] * 120),
        pd.Series([None] * 120, dtype=object),
    ],
    ids=lambda values: str(values.dtype),
)
def test_every_kind_of_column_is_compared_with_itself(values: pd.Series) -> None:
    """And has not drifted: infinities, truth values, times, lists, nothing at all."""
    frame = pd.DataFrame({"a": values})
    report = detect_drift(frame, frame)
    assert not report.drifted
    assert report.columns[0].psi == 0


def test_importing_it_costs_nothing() -> None:
    """A service that never compares data does not import pandas or scipy for it."""
    program = "import sys, mlflow_operator.model_registry.drift; print({'pandas', 'scipy', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
