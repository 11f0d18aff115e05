"""`python -m bench [--quick] [--only PART ...]`: measure, print a table, write it as JSON."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import (
    backups,
    costs,
    failover,
    footprint,
    latency,
    load,
    logins,
    looking,
    memory,
    metadata,
    models,
    report,
    stage,
    toll,
)
from cluster.host import console, folders
from cluster.host.console import step
from cluster.host.errors import ClusterError


@dataclass(frozen=True)
class Part:
    """One part: what it is called, what it measures, how much of it when all of it is wanted, and how much to try."""

    name: str
    says: str
    measure: Callable[..., list[report.Row]]
    full: tuple[int, ...]
    quick: tuple[int, ...]


PARTS = (
    Part("starts", "Process starts", footprint.starts, full=(5,), quick=(1,)),
    Part("latency", "Latency of promotions", latency.promotions, full=(60,), quick=(5,)),
    Part("toll", "What a promotion costs MLflow", toll.of_promotions, full=(60,), quick=(5,)),
    Part("servers", "Latency of servers", latency.servers, full=(10,), quick=(2,)),
    Part("requests", "Requests of each change", costs.all_of, full=(3,), quick=(1,)),
    Part("many-servers", "Many servers", load.servers, full=(200,), quick=(10,)),
    Part("throughput", "Many promotions", load.promotions, full=(200,), quick=(10,)),
    Part("looking", "Looking at models", looking.quiet, full=(1000, 60), quick=(20, 5)),
    Part("waiting", "Claims that wait", looking.waiting, full=(300, 60), quick=(9, 5)),
    Part("failover", "Fail-over", failover.takeovers, full=(3,), quick=(1,)),
    Part("metadata", "What the service asks", metadata.all_of, full=(200, 200), quick=(20, 5)),
    Part("logins", "What logins cost a request", logins.of_requests, full=(100,), quick=(5,)),
    Part("models", "What models cost the service", models.all_of, full=(10, 500), quick=(2, 50)),
    Part("backups", "What backups take", backups.all_of, full=(10_000, 10), quick=(100, 1)),
    Part("memory", "Memory", memory.settled, full=(50, 100), quick=(2, 10)),
)


def main() -> int:
    """Run everything that is wanted; return 1 with a message when it breaks off."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [part.name for part in PARTS]
    parser.add_argument("--quick", action="store_true", help="few samples, to see that it works")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="PART", help=", ".join(names))
    parser.add_argument("--output", type=Path, default=folders.CHECKOUT / "build" / "bench.json")
    arguments = parser.parse_args()
    begun = time.monotonic()
    try:
        with stage.built() as everything:
            about, rows = report.machine(everything), list[report.Row]()
            for part in (p for p in PARTS if p.name in arguments.only):
                everything.clear()
                with step(part.says):
                    rows += part.measure(everything, *(part.quick if arguments.quick else part.full))
                report.write(arguments.output, about, rows)  # what is measured stays, should the next part break off
    except ClusterError as error:
        console.say(str(error))
        return 1
    about["load"] += f", {os.getloadavg()[0]:.1f} after it"
    about["took"] = f"{time.monotonic() - begun:.0f} s"
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"\n{report.table(rows)}")
    report.write(arguments.output, about, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
