"""What the person in front of the terminal sees: chapters, the commands as they would be typed, and what they print."""

import sys
import textwrap
from typing import TextIO

WIDTH = 100


class Narrator:
    """Writes the story; with colours where a person reads it."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._colours = out.isatty()
        self._chapters = 0

    def chapter(self, title: str, text: str) -> None:
        """Begin a chapter, and say what is about to happen and why."""
        self._chapters += 1
        head = f"── {self._chapters} · {title} "
        self._say(f"\n{self._colour('1;36', head.ljust(WIDTH, '─'))}")
        self.tell(text)

    def tell(self, text: str) -> None:
        """Say something."""
        self._say(textwrap.fill(" ".join(text.split()), WIDTH))

    def command(self, line: str) -> None:
        """Show a command as the person would type it."""
        self._say(f"\n{self._colour('1;32', '$')} {self._colour('1', line)}")

    def output(self, text: str) -> None:
        """Show what it printed."""
        for line in text.rstrip().splitlines():
            self._say(f"  {line}")

    def _colour(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colours else text

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)
