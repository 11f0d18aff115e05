"""Forecasts for a terminal, and as Markdown for a comment on a pull request."""

import re
from collections.abc import Iterator, Sequence

from rich.console import Console

from mlflow_operator.kubectl.planning.forecast import Forecast, gate_data
from mlflow_operator.kubectl.terminal.output import clean, say, table

_HEADS = ("GATE", "TYPE", "FROM", "RESULT", "FOUND", "EXPECTED")
_NOTHING = "-"
_MARKUP = re.compile(r"[\\|`<*_\[\]~#]")


def show(to: Console, forecasts: Sequence[Forecast]) -> None:
    """For people at a terminal."""
    for forecast in forecasts:
        say(to, f"ModelPromotion {forecast.name}: {forecast.verdict}", style="bold")
        for label, text in _lines(forecast):
            say(to, f"  {label:<10}{text}")
        say(to, "")
        if forecast.gates:
            table(to, _HEADS, _rows(forecast))
            say(to, "")


def markdown(forecasts: Sequence[Forecast]) -> str:
    """For a comment; what others have written is text in it, and no markup."""
    return "\n".join(line for forecast in forecasts for line in _markdown(forecast))


def _markdown(forecast: Forecast) -> Iterator[str]:
    yield f"### `{forecast.namespace}/{forecast.name}`: {forecast.verdict}"
    yield ""
    yield from (f"* **{label}**: {_text(text)}" for label, text in _lines(forecast))
    yield ""
    if forecast.gates:
        yield "| Gate | Type | From | Result | Found | Expected |"
        yield "|---|---|---|---|---|---|"
        yield from (f"| {' | '.join(_text(cell) for cell in row)} |" for row in _rows(forecast))
        yield ""


def _lines(forecast: Forecast) -> Iterator[tuple[str, str]]:
    before = forecast.before
    yield (
        "version",
        forecast.version if before in (None, forecast.version) else f"{forecast.version} instead of {before}",
    )
    yield from (("writes", text) for text in forecast.writes)
    if forecast.refused:
        yield "refused", forecast.refused
    if forecast.message != forecast.refused:
        yield "found", f"{forecast.reason}: {forecast.message}"
    yield from (("unknown", text) for text in forecast.unknown)


def _rows(forecast: Forecast) -> list[tuple[str, ...]]:
    return [_row(gate_data(gate)) for gate in forecast.gates]


def _row(gate: dict[str, str | None]) -> tuple[str, ...]:
    found = gate["message"] if gate["result"] == "NotAsked" else gate["observed"]
    mode = f" ({gate['mode']})" if gate["mode"] == "DryRun" else ""
    cells = (gate["name"], f"{gate['type']}{mode}", gate["from"], gate["result"], found, gate["expected"])
    return tuple(cell or _NOTHING for cell in cells)


def _text(text: str) -> str:
    """Text in a table of Markdown: one line, and none of the signs that mean something there."""
    line = clean(" ".join(text.split()))
    return _MARKUP.sub(r"\\\g<0>", line).replace("@", "&#64;")  # which would call somebody
