"""`python -m mutants [--only WORD] [--jobs N]`: say of each mutant whether the unit tests notice it.

killed     a test fails, as it should
survived   no test does: write one, or say in the table why it is accepted
stale      the text to change is not there any more: follow the code, or take the mutant out of the table
broken     nothing can be imported, so the mutant tells nothing; or an accepted survivor is killed after all
"""

import argparse
import queue
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cluster.host import folders
from mutants import laboratory
from mutants.mutant import Mutant
from mutants.table import MUTANTS


def main() -> int:
    """Examine all that are wanted; 1 where one survives, is stale or is broken."""
    parser = argparse.ArgumentParser(
        prog="python -m mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="WORD", help="those with this in their names")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time")
    arguments = parser.parse_args()
    wanted = [mutant for mutant in MUTANTS if arguments.only in mutant.name]
    stale = {mutant: why for mutant in wanted if (why := mutant.stale(folders.CHECKOUT / laboratory.PACKAGE))}
    for mutant, why in stale.items():
        _say("stale", mutant.name, why)
    found = Counter(_examine_all([mutant for mutant in wanted if mutant not in stale], arguments.jobs))
    found["stale"] = len(stale)
    print(", ".join(f"{number} {what}" for what, number in sorted(found.items())))
    return 1 if any(found[what] for what in ("survived", "stale", "broken")) else 0


def _examine_all(mutants: Sequence[Mutant], jobs: int) -> list[str]:
    """What was found of each."""
    with laboratory.copies(jobs) as copies, ThreadPoolExecutor(jobs) as pool:
        sound = laboratory.run([laboratory.EVERYTHING], copies[0])
        if sound.found != "survived":
            sys.exit(f"the unit tests fail without any mutant: {sound.detail}")
        free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for copy in copies:
            free.put(copy)
        return list(pool.map(lambda mutant: _examine(mutant, free), mutants))


def _examine(mutant: Mutant, free: "queue.SimpleQueue[Path]") -> str:
    begun, copy = time.monotonic(), free.get()
    try:
        result = laboratory.examine(mutant, copy)
    finally:
        free.put(copy)
    found, detail = str(result.found), result.detail
    if mutant.accepted:
        accepted = {
            "survived": ("accepted", mutant.accepted),
            "killed": ("broken", f"accepted, yet killed by {detail}"),
        }
        found, detail = accepted.get(found, (found, detail))
    _say(found, mutant.name, f"{time.monotonic() - begun:.0f} s; {detail}".removesuffix("; "))
    return found


def _say(found: str, name: str, detail: str) -> None:
    print(f"{found:9} {name} ({detail})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
