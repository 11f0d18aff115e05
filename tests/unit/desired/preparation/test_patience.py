"""Waiting, and being asked to end."""

import os
import signal
from collections.abc import Iterator

import pytest

from mlflow_operator.desired.preparation.program.patience import Interrupted, Passing, Patience


@pytest.fixture
def patience() -> Iterator[Patience]:
    """One that hears SIGTERM for the time of a test."""
    before = signal.getsignal(signal.SIGTERM)
    heard = Patience(30)
    heard.listen()
    yield heard
    signal.signal(signal.SIGTERM, before)


def ask_to_end() -> None:
    """What the kubelet does; Python hears it before the next line."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_whoever_waits_ends_at_once_when_asked(patience: Patience) -> None:
    """Nothing is half done there."""
    with pytest.raises(Interrupted):
        ask_to_end()


def test_a_migration_is_finished_first(patience: Patience) -> None:
    """It comes to its end, and the wish is remembered."""
    done = []
    with patience.uninterrupted():
        ask_to_end()
        done.append("the rest")
    assert (done, patience.asked_to_end) == (["the rest"], True)


def test_a_migration_that_failed_is_not_tried_again_when_asked_to_end(patience: Patience) -> None:
    """The pause before the next try is a safe place."""
    tries = []

    def attempt() -> None:
        tries.append(1)
        with patience.uninterrupted():
            ask_to_end()
            raise Passing("DatabaseLocked", "somebody holds a lock")

    with pytest.raises(Interrupted):
        patience.wait_for(attempt)
    assert len(tries) == 1


def test_what_does_not_pass_in_time_is_told() -> None:
    """After its seconds the last problem is the answer."""

    def attempt() -> None:
        raise Passing("DatabaseUnreachable", "nobody there")

    with pytest.raises(Passing):
        Patience(0).wait_for(attempt)
