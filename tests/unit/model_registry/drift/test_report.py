"""A report reads well, and its metrics have names that MLflow takes and that stay the same."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from mlflow_operator.model_registry.drift import detect_drift
from mlflow_operator.model_registry.drift.report import DriftReport


@pytest.fixture
def report() -> DriftReport:
    """One column that has drifted, one that has not, one with a name that is no name, and one that is not compared."""
    chance = np.random.default_rng(1)
    names = ["age", "income", "a|b\n%"]
    reference = pd.DataFrame(chance.normal(0, 1, (500, 3)), columns=names)
    current = pd.DataFrame(chance.normal([1, 0, 0], 1, (300, 3)), columns=names).assign(extra=1)
    return detect_drift(reference, current)


def test_people_see_the_worst_first_and_the_verdict_in_words(report: DriftReport) -> None:
    """Names of columns stay within their cell."""
    head, first, *_, last = str(report).splitlines()
    assert head.split() == ["COLUMN", "KIND", "PSI", "JENSEN-SHANNON", "P", "MISSING", "NEW", "VERDICT"]
    assert (first.split()[0], first.split()[-1]) == ("age", "drift")
    assert last.startswith("1 of 3 columns drifted: 300 rows compared with 500; PSI from 0.2")
    assert last.endswith("not compared: extra")
    assert len(str(report).splitlines()) == 6


def test_markdown_is_one_table(report: DriftReport) -> None:
    """Every line of it has as many cells, whatever a column is called."""
    lines = report.markdown().splitlines()
    assert lines[2] == "| column | kind | PSI | Jensen-Shannon | p | missing | new | verdict |"
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[2:]} == {9}


def test_metrics_are_named_by_column_and_measure(report: DriftReport) -> None:
    """As docs/drift.md says; a gate or a monitor finds them by these names."""
    metrics = report.metrics()
    assert metrics["drift.detected"] == 1
    assert metrics["drift.share"] == pytest.approx(1 / 3)
    age = next(column for column in report.columns if column.name == "age")
    assert {name: value for name, value in metrics.items() if name.startswith("drift.age.")} == {
        "drift.age.psi": age.psi,
        "drift.age.jensen_shannon": age.jensen_shannon,
        "drift.age.p_value": age.p_value,
        "drift.age.detected": 1,
    }


def test_mlflow_takes_every_name(report: DriftReport) -> None:
    """Letters, digits and _-./ and spaces, 250 at most; two columns that look the same then are told apart."""
    assert all(re.fullmatch(r"[A-Za-z0-9_\-. /]{1,250}", name) for name in report.metrics())
    frame = pd.DataFrame({"a%": [1.0, 2], "a&": [1.0, 2], "x" * 300: [1.0, 2]})
    alike = detect_drift(frame, frame).metrics()
    assert len(alike) == 2 + 4 * 3
    assert max(map(len, alike)) <= 250


def test_programs_get_all_of_it(report: DriftReport) -> None:
    """As JSON, without a number that JSON does not know."""
    found = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert found["drifted"] is True
    assert found["rows"] == {"reference": 500, "current": 300}
    assert [column["name"] for column in found["columns"]] == ["age", "income", "a|b\n%"]
    assert found["columns"][0]["tests"][0]["name"] == "kolmogorov_smirnov"
