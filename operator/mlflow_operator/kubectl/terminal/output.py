"""What a command prints: tables for people, JSON and YAML for machines; colours only on terminals."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

_ENDLESS = 100_000
"""Columns of what is no terminal: whoever reads it there breaks no lines."""
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Escapes, and marks that turn the direction of what follows."""
_GAP = " " * 3
_COLOURS = {"True": "green", "False": "red", "Unknown": "yellow", "ok": "green", "wrong": "red"}


class Output(StrEnum):
    """For whom it is."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


def console(*, errors: bool = False) -> Console:
    """Standard output, or standard error; NO_COLOR is honoured by rich."""
    stream = sys.stderr if errors else sys.stdout
    return Console(file=stream, highlight=False, soft_wrap=True, width=None if stream.isatty() else _ENDLESS)


def emit(output: Output, data: Any, human: Callable[[Console], None]) -> None:
    """Print data as it was asked for; ``human`` prints the same for people."""
    if output is Output.TABLE:
        human(console())
    elif output is Output.JSON:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


def table(to: Console, heads: Iterable[str], rows: Iterable[Iterable[str | None]]) -> None:
    """Print rows under their heads, as kubectl does; nothing in them is taken for markup, and no line is broken."""
    lines = [[Text(head, style="bold") for head in heads], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        last = len(line) - 1
        padded = [cell if i == last else cell + " " * (widths[i] - cell.cell_len) for i, cell in enumerate(line)]
        to.print(Text(_GAP).join(padded))


def say(console: Console, *lines: str, style: str = "") -> None:
    """Print lines as they are, each as one."""
    for line in lines:
        console.print(Text(clean(line), style=style))


def clean(text: str) -> str:
    """A line of others' words in which nothing commands the terminal: an approver sees what is there."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.splitlines()))


def _cell(value: str | None) -> Text:
    text = clean(" ".join(value.split())) if value else "-"
    return Text(text, style=_COLOURS.get(text, ""))
