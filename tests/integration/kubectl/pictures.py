"""What a terminal shows, as a picture: SVG with the colours that the command has printed."""

import io
import re

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

_FONTS = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
"""A picture asks nobody on the network for a font; whoever looks at it has a monospaced one."""
_MARGIN = 2


def picture(command: str, coloured: str, name: str) -> str:
    """A terminal with a command and what it has printed, escape sequences and all."""
    text = Text.from_ansi(coloured.rstrip("\n"))
    prompt = Text("$ ", style="bold green") + Text(command, style="bold")
    width = max(map(len, [*text.plain.splitlines(), prompt.plain])) + _MARGIN
    terminal = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    terminal.print(prompt)
    terminal.print(text)
    drawn = terminal.export_svg(title=command.partition(" -n ")[0], theme=MONOKAI, unique_id=name)
    return "".join(f"{line.rstrip()}\n" for line in _FONTS.sub("\n", drawn).strip().splitlines())
