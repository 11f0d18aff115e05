"""What docs/drift.md shows is what happens."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlflow_operator.commands import drift
from mlflow_operator.model_registry.drift import detect_drift
from unit.documentation import DOCS, named, snippets, tables

PAGE = DOCS / "drift.md"


def test_the_snippet_runs() -> None:
    """As it is written, with the claims that it makes."""
    (program,) = snippets(PAGE, "python")
    exec(program, {})  # noqa: S102 - it is ours


def people(rows: int, seed: int, income: float, cities: list[str]) -> pd.DataFrame:
    """The data of the example: of now it has another income, some of it unknown, and a new city."""
    chance = np.random.default_rng(seed)
    known = chance.random(rows) > (0.12 if "Bonn" in cities else 0)
    return pd.DataFrame(
        {
            "age": chance.normal(40, 10, rows).round(),
            "income": np.where(known, chance.normal(income, 800, rows).round(), np.nan),
            "city": chance.choice(cities, rows),
        }
    )


def test_the_example_of_the_page_is_what_the_program_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every number of it, for the two files that are made here."""
    monkeypatch.chdir(tmp_path)
    before, now = ["Rome", "Oslo", "Lima"] * 60, ["Rome", "Oslo", "Lima"] * 60 + ["Bonn"]
    people(5000, 1, 3000, before).to_csv("training.csv", index=False)
    people(2000, 2, 3200, now).to_csv("last-week.csv", index=False)
    command, _, shown = next(text for text in snippets(PAGE, "console") if "COLUMN" in text).partition("\n")
    drift.main(command.split()[3:])
    assert capsys.readouterr().out == shown


def test_what_the_page_says_of_many_and_of_few_rows_is_so() -> None:
    """A p-value of 1e-50 with a PSI of 0.003, and a PSI of 0.6 on average of thirty rows that have not changed."""
    chance = np.random.default_rng(2)
    found = detect_drift(*(pd.DataFrame({"a": chance.normal(mean, 1, 200_000)}) for mean in (0, 0.05))).columns[0]
    assert (found.p_value < 1e-40, round(found.psi, 3)) == (True, 0.003)
    few = [
        detect_drift(*(pd.DataFrame({"a": chance.normal(0, 1, 30)}) for _ in range(2))).columns[0].psi
        for _ in range(200)
    ]
    assert 0.4 < np.mean(few) < 1.2


def test_every_metric_of_the_page_is_logged() -> None:
    """Under these names and no others."""
    frame = pd.DataFrame({"age": [1.0, 2, 3]})
    logged = {name.replace("age", "<column>") for name in detect_drift(frame, frame).metrics()}
    assert logged == set(named(PAGE, "Metric"))


def test_every_option_and_exit_code_is_on_the_page() -> None:
    """With its default."""
    options = {
        action.option_strings[-1 if len(action.option_strings) == 1 else 0]
        for action in drift._parser()._actions
        if not isinstance(action, argparse._HelpAction)
    }
    page = " ".join(named(PAGE, "Option"))
    assert {option for option in options if option not in page} == set()
    codes = {int(row[0]) for row in tables(PAGE, "Exit code")}
    assert codes == {drift.NONE, drift.DRIFT, drift.USAGE, drift.FAILED}
