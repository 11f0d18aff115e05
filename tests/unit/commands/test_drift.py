"""``mlflow-operator drift``: what it says, what it logs, and which exit code it has."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from aiohttp import web

from mlflow_operator.commands import drift
from unit.model_registry.serving import serving

Said = Callable[..., tuple[int, str, str]]


def write(file: Path, mean: float, rows: int = 500) -> str:
    """Data whose column age has this mean."""
    chance = np.random.default_rng(int(mean))
    pd.DataFrame({"age": chance.normal(mean, 10, rows), "city": chance.choice(["a", "b"], rows)}).to_csv(file)
    return str(file)


@pytest.fixture
def before(tmp_path: Path) -> str:
    """Data of before."""
    return write(tmp_path / "before.csv", 40)


@pytest.fixture
def now(tmp_path: Path) -> str:
    """Data that has drifted."""
    return write(tmp_path / "now.csv.gz", 60)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Exit code, output and errors of the command."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = drift.main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_no_drift_is_0_and_drift_is_1(said: Said, before: str, now: str) -> None:
    """So a pipeline need not read what it says."""
    assert said("--reference", before, "--current", before)[0] == 0
    code, out, _ = said("--reference", before, "--current", now)
    assert code == 1
    assert "1 of 3 columns drifted" in out


def test_only_the_columns_that_are_named(said: Said, before: str, now: str) -> None:
    """With the thresholds that are given."""
    assert said("--reference", before, "--current", now, "--columns", "city")[0] == 0
    assert said("--reference", before, "--current", now, "--threshold", "1000")[0] == 0


def test_programs_and_pull_requests_get_their_form(said: Said, before: str, now: str) -> None:
    """JSON as one object, Markdown as a table."""
    _, out, _ = said("--reference", before, "--current", now, "-o", "json")
    assert [one["name"] for one in json.loads(out)["columns"] if one["drifted"]] == ["age"]
    _, out, _ = said("--reference", before, "--current", now, "-o", "markdown")
    assert "| age | numeric |" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--current", "x.csv"], "required: --reference"),
        (["--reference", "missing.csv", "--current", "missing.csv"], "No such file"),
        (["--reference", "{before}", "--current", "data.xlsx"], "neither CSV nor Parquet"),
        (["--reference", "{before}", "--current", "{empty}"], "cannot be read"),
        (["--reference", "{before}", "--current", "{before}", "--columns", "agee"], "has no column agee"),
        (["--reference", "{before}", "--current", "{before}", "--model", "fraud"], "belong together"),
        (["--reference", "{before}", "--current", "{before}", "--run", "a", "--model", "b"], "not allowed with"),
    ],
)
def test_wrong_use_is_2_and_says_what_is_right(
    said: Said, before: str, tmp_path: Path, words: list[str], message: str
) -> None:
    """Files that are none among it."""
    empty = tmp_path / "empty.csv"
    empty.touch()
    code, _, err = said(*(word.format(before=before, empty=empty) for word in words))
    assert code == 2
    assert message in err


def at_a_server(words: list[str], answers: dict[str, tuple[int, Any]]) -> tuple[int, dict[str, Any]]:
    """The exit code with a server that answers like this, and what it was asked to log."""
    logged: dict[str, Any] = {}

    async def answer(request: web.Request) -> web.Response:
        what = request.path.rpartition("mlflow/")[2]
        if request.method == "POST":
            body = await request.json()
            logged.setdefault(body["run_id"], []).extend(body["metrics"])
        status, content = answers.get(what, (200, {}))
        return web.json_response(content, status=status)

    async def run() -> int:
        async with serving(answer) as url:
            return await asyncio.to_thread(drift.main, [*words, "--tracking-uri", url])

    return asyncio.run(run()), logged


def test_the_report_is_logged_to_the_run_of_the_version(before: str, now: str) -> None:
    """Under the names that the documentation gives; with a time, so that a monitor sees them one after the other."""
    words = ["--reference", before, "--current", now, "--model", "fraud", "--version", "7"]
    answers = {"model-versions/get": (200, {"model_version": {"run_id": "r7"}})}
    code, logged = at_a_server(words, answers)
    assert code == 1
    values = {metric["key"]: metric["value"] for metric in logged["r7"]}
    assert (values["drift.detected"], values["drift.age.detected"], values["drift.city.detected"]) == (1, 1, 0)
    assert {metric["timestamp"] > 1.7e12 for metric in logged["r7"]} == {True}


def test_a_report_that_could_not_be_logged_is_3_and_was_shown(said: Said, before: str, now: str) -> None:
    """Nobody takes it for no drift, or for drift that a monitor knows of."""
    answers: dict[str, tuple[int, Any]] = {"model-versions/get": (200, {"model_version": {}})}
    code, _ = at_a_server(["--reference", before, "--current", now, "--model", "a", "--version", "1"], answers)
    assert code == 3
    code, out, err = said("--reference", before, "--current", now, "--run", "r", "--tracking-uri", "http://127.0.0.1:1")
    assert (code, "1 of 3 columns drifted" in out, "did not answer" in err) == (3, True, True)


def test_without_the_packages_it_says_how_to_install_them(before: str) -> None:
    """And ends with 3."""
    program = (
        "import sys; sys.modules['pandas'] = None; from mlflow_operator.commands import drift;"
        f"sys.exit(drift.main(['--reference', {before!r}, '--current', {before!r}]))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 3
    assert 'pip install "mlflow-operator[drift]"' in found.stderr
