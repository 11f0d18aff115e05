"""Copies of the checkout, in which mutants are made and the unit tests run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cluster.host import folders
from mutants.mutant import Mutant

EVERYTHING = "tests/unit"
PACKAGE = Path("operator") / "mlflow_operator"
SECONDS = 300
"""For one run of tests; a mutant that makes them hang has been noticed."""
_LEFT_OUT = shutil.ignore_patterns(".*_cache", ".git", ".venv", ".hypothesis", "__pycache__", "build")
_PASSED, _FAILED = 0, 1

Found = Literal["killed", "survived", "broken"]


@dataclass(frozen=True)
class Result:
    """What became of a mutant, and the test that noticed it, or what is wrong with the mutant itself."""

    found: Found
    detail: str = ""


@contextmanager
def copies(count: int) -> Iterator[list[Path]]:
    """So many copies of the checkout, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        paths = [Path(folder) / str(number) for number in range(count)]
        for path in paths:
            shutil.copytree(folders.CHECKOUT, path, ignore=_LEFT_OUT, symlinks=True)
        yield paths


def examine(mutant: Mutant, copy: Path) -> Result:
    """Make a mutant, run its tests, and where they notice nothing all unit tests; leave the copy as it was."""
    before = {edit.file: (copy / PACKAGE / edit.file).read_text() for edit in mutant.edits}
    try:
        for edit in mutant.edits:
            file = copy / PACKAGE / edit.file
            file.write_text(file.read_text().replace(edit.old, edit.new))
        result = run([f"{EVERYTHING}/{tests}" for tests in mutant.tests], copy)
        return result if result.found != "survived" else run([EVERYTHING], copy)
    finally:
        for name, text in before.items():
            (copy / PACKAGE / name).write_text(text)


def run(tests: list[str], copy: Path) -> Result:
    """Run tests in a copy until one fails."""
    environment = {
        **os.environ,
        "PYTHONPATH": "operator:tests",
        "PYTHONDONTWRITEBYTECODE": "1",  # known to be old by size and second, and a mutant may have both
        "CI": "true",  # hypothesis takes the same examples each time, and no slow machine for a failure
    }
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            words, cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Result("killed", f"the tests hung for {SECONDS} s")
    if done.returncode == _PASSED:
        return Result("survived")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    first = lines[0].partition(" ")[2].partition(" - ")[0] if lines else done.stdout[-300:] + done.stderr[-300:]
    # Neither passed nor failed: nothing could be collected, which tells nothing of what the tests notice.
    return Result("killed" if done.returncode == _FAILED else "broken", first.removeprefix(f"{EVERYTHING}/"))
