"""A transfer that takes longer than a second shows how far it is, on a terminal and nowhere else."""

import io
import sys
import time

import pytest

from mlflow_operator.model_registry.artifacts.progress import Bar


class Terminal(io.StringIO):
    """Where a person reads."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def transfer(seconds: float) -> None:
    """Two pieces, so many seconds apart."""
    with Bar("fraud 7", 2048) as bar:
        bar.add(1024)
        time.sleep(seconds)
        bar.add(1024)


@pytest.mark.parametrize(
    ("seconds", "where", "shown"), [(1.2, Terminal, True), (0.0, Terminal, False), (1.2, io.StringIO, False)]
)
def test_only_what_takes_long_and_only_for_people(
    monkeypatch: pytest.MonkeyPatch, seconds: float, where: type[io.StringIO], shown: bool
) -> None:
    """A log has no bars in it."""
    errors = where()
    monkeypatch.setattr(sys, "stderr", errors)
    transfer(seconds)
    assert ("fraud 7" in errors.getvalue()) == shown
    assert bool(errors.getvalue()) == shown


def test_without_the_package_nothing_is_shown_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is only a comfort."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    transfer(0)
