"""Looks for many words in many files at once."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cluster.host.errors import ClusterError

_FOUND, _NOTHING = 0, 1


def search(words: Mapping[bytes, str], files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Each file that has one of the words, and what that word is called; neither has to be text.

    GNU grep does it, which looks for all words in one pass over a file, and needs them to be in no argument.

    Raises:
        ClusterError: it could not; the message has no word in it.
    """
    names = [str(file) for file in files]
    if not words or not names:
        return
    argv = [
        "grep",
        "--text",
        "--fixed-strings",
        "--only-matching",
        "--with-filename",
        "--null",
        "--file=-",
        "--",
        *names,
    ]
    done = subprocess.run(
        argv, input=b"\n".join(words), capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode not in (_FOUND, _NOTHING):
        raise ClusterError(f"grep ended with {done.returncode}: {done.stderr[-500:].decode(errors='replace')}")
    for line in sorted(set(done.stdout.splitlines())):
        name, _, word = line.partition(b"\0")
        yield Path(os.fsdecode(name)), words[word]
