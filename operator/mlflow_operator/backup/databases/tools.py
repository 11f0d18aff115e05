"""A program beside us, through which bytes pass; what it complains of is an error of ours."""

import os
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import IO

from mlflow_operator.backup.errors import BackupError, Refused, Unreachable
from mlflow_operator.backup.streams import CHUNK

_LINES_KEPT = 20


class Tool:
    """A running program; whoever leaves its block ends it."""

    def __init__(
        self, words: Sequence[str], environ: Mapping[str, str], *, reads: bool = False, writes: bool = False
    ) -> None:
        self.name = words[0]
        self._said: list[str] = []
        self._failed: list[BaseException] = []
        self._feeder: threading.Thread | None = None
        try:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - words of ours
                words,
                env={**os.environ, **environ},
                stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
                stdout=subprocess.PIPE if writes else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise _missing(self.name, error) from error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> "Tool":
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it where it goes on: a transaction that nobody has committed is as if it had never been."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in (self._listener, self._feeder):
            if thread:
                thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                _close(pipe)

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Give it bytes, beside what else happens; what is raised by them is raised by ``end``."""
        self._feeder = threading.Thread(target=self._feed, args=(chunks,), daemon=True)
        self._feeder.start()

    def write(self, chunk: bytes) -> None:
        """Give it bytes now."""
        try:
            _there(self._process.stdin).write(chunk)
        except BrokenPipeError:
            self.end()

    def chunks(self) -> Iterator[bytes]:
        """What it answers."""
        while chunk := _there(self._process.stdout).read(CHUNK):
            yield chunk

    def end(self) -> None:
        """Wait for its end.

        Raises:
            BackupError: It did not end well, or what it was fed with was not right.
        """
        if self._feeder:
            self._feeder.join()
        elif self._process.stdin:
            _close(self._process.stdin)
        if self._failed:
            raise self._failed[0]
        code = self._process.wait()
        self._listener.join()
        if code:
            raise _error(self.name, self._said)

    def _feed(self, chunks: Iterable[bytes]) -> None:
        target = _there(self._process.stdin)
        try:
            for chunk in chunks:
                target.write(chunk)
        except BrokenPipeError:
            pass  # it has ended, and says why
        except BaseException as error:
            self._failed.append(error)
        finally:
            _close(target)

    def _listen(self) -> None:
        for line in _there(self._process.stderr):
            if len(self._said) < _LINES_KEPT:
                self._said.append(line.decode(errors="replace").strip())


def version(program: str) -> str:
    """The program and its version.

    Raises:
        Refused: ToolMissing.
    """
    try:
        return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise _missing(program, error) from error


def _missing(program: str, error: Exception) -> Refused:
    return Refused("ToolMissing", f"{program} cannot be run here: {error}; use the toolbox image")


def _error(program: str, said: Sequence[str]) -> BackupError:
    """What a tool says first of what went wrong; the lines after it may hold data."""
    line = next((line for line in said if "error:" in line.lower()), said[0] if said else "it says nothing")
    told = f"{program}: {line[:300]}"
    if any("server version mismatch" in line for line in said):
        return Refused("ToolTooOld", f"{program} is older than the database; use a toolbox image with a newer one")
    if any(re.search(r"connection to server|server closed|terminating connection", line) for line in said):
        return Unreachable("DatabaseUnreachable", told)
    return Refused("DatabaseRefused", told)


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("the program was started without this pipe")
    return pipe


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # who was to read it has ended
        pipe.close()
