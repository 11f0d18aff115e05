"""Programs that end by themselves, with their output in the error when they fail."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster.host.errors import ClusterError


def uv() -> Path:
    """The uv of the environment that runs this, which `make setup` has put there.

    Raises:
        ClusterError: It is not there.
    """
    program = Path(sys.executable).with_name("uv")
    if not program.exists():
        raise ClusterError(f"{program} is missing; run `make setup`")
    return program


def output(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    text: str | None = None,
    uid: int | None = None,
) -> str:
    """Run the program, as `uid` (needs root), with `text` as its input, and return its standard output.

    Raises:
        ClusterError: it did not end with 0; the message has the end of what it printed.
    """
    done = subprocess.run(
        [str(word) for word in argv],
        env={**os.environ, **(env or {})},
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )
    if done.returncode != 0:
        raise ClusterError(_failure(argv, done))
    return done.stdout


def _failure(argv: Sequence[str | Path], done: subprocess.CompletedProcess[str]) -> str:
    end = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
    return f"`{' '.join(str(word) for word in argv[:4])} …` ended with {done.returncode}:\n{end}"
