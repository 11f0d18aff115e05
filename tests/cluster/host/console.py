"""Progress that a person can follow: a line when a long step starts, one at least every 30 s, one when it ends."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

TICK_SECONDS = 20


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Announce `what`, tick while the body runs, and say how long it took."""
    started = time.monotonic()
    done = threading.Event()
    say(f"{what} …")
    ticker = threading.Thread(target=_tick, args=(what, started, done), daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        say(f"{what}: failed after {_elapsed(started)}")
        raise
    else:
        say(f"{what}: done in {_elapsed(started)}")
    finally:
        done.set()
        ticker.join()


def say(line: str) -> None:
    """Print one line to the terminal, not to the output that a caller may parse."""
    print(f"[cluster] {line}", file=sys.stderr, flush=True)


def _tick(what: str, started: float, done: threading.Event) -> None:
    while not done.wait(TICK_SECONDS):
        say(f"{what}: {_elapsed(started)} so far")


def _elapsed(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"
