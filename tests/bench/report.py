"""A table for people, and the same with every sample for programs."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.stage import Stage


@dataclass
class Row:
    """One line of the table; `beside` is what its value is to be read beside: the same by hand, or a budget."""

    what: str
    value: str
    beside: str = ""
    samples: Sequence[float] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def spread(samples: Sequence[float], unit: str = "") -> str:
    """The median, and the least and the most where they differ."""
    middle, least, most = statistics.median(samples), min(samples), max(samples)
    if len(samples) == 1 or least == most:
        return f"{_short(middle)}{unit}"
    return f"{_short(middle)}{unit} ({_short(least)} to {_short(most)})"


def percentile(samples: Sequence[float], percent: int) -> float:
    """The sample that so many percent do not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 20 or number == int(number) else f"{number:.2g}"


def machine(stage: Stage) -> dict[str, str]:
    """What the numbers were measured on."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": str(os.cpu_count()),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "memory": f"{int(memory.split()[1]) / 2**20:.0f} GiB",
        "kernel": platform.release().split("-")[0],
        "python": platform.python_version(),
        "kubernetes": stage.api.get("/version")["gitVersion"],
        "mlflow": stage.mlflow.version,
        "postgresql": stage.postgres.sql("SHOW server_version").strip(),
        "load": f"{os.getloadavg()[0]:.1f} before the run",
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, which is readable as it is."""
    lines = ["| | the operator | by hand, or the budget |", "|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.value} | {row.beside} |" for row in rows])


def write(where: Path, about: dict[str, str], rows: Sequence[Row]) -> None:
    """Write everything as JSON."""
    where.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": about, "rows": [asdict(row) for row in rows]}
    where.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
