"""`python -m bench [--quick]`: measure, print a table, write it as JSON."""

import argparse
import os
import sys
import time
from pathlib import Path

from bench import costs, footprint, latency, load, report, stage
from cluster import console, folders
from cluster.console import step
from cluster.errors import ClusterError

FULL = {"promotions": 60, "servers": 10, "scenarios": 3, "load": 200, "steady": 50, "seconds": 60, "starts": 5}
QUICK = {"promotions": 5, "servers": 2, "scenarios": 1, "load": 10, "steady": 5, "seconds": 5, "starts": 1}


def main() -> int:
    """Run everything; return 1 with a message when it breaks off."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples, to see that it works")
    parser.add_argument("--output", type=Path, default=folders.CHECKOUT / "build" / "bench.json")
    arguments = parser.parse_args()
    begun = time.monotonic()
    try:
        with stage.built() as everything:
            about = report.machine(everything)
            rows = _rows(everything, QUICK if arguments.quick else FULL)
    except ClusterError as error:
        console.say(str(error))
        return 1
    about["load"] += f", {os.getloadavg()[0]:.1f} after it"
    about["took"] = f"{time.monotonic() - begun:.0f} s"
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"Go peer: {report.PEER}\n\n{report.table(rows)}")
    report.write(arguments.output, about, rows)
    return 0


def _rows(everything: stage.Stage, count: dict[str, int]) -> list[report.Row]:
    rows: list[report.Row] = []
    with step("Process starts"):
        rows += footprint.starts(everything, count["starts"])
    with step("Latency of promotions"):
        rows += latency.promotions(everything, count["promotions"])
    with step("Latency of servers"):
        rows += latency.servers(everything, count["servers"])
    with step("Requests of each change"):
        rows += costs.all_of(everything, count["scenarios"])
    with step("Many objects"):
        rows += load.everything(everything, count["load"], count["steady"], count["seconds"])
    return rows


if __name__ == "__main__":
    sys.exit(main())
