"""Every reason that a ModelPromotion's Ready can have: the phase, what it means, and what helps; a file per topic.

docs/modelpromotion.md has this table too, written from here by ``make generate``.
"""

from collections.abc import Iterator

from mlflow_operator.status.reasons import claims, gates, servers, versions
from mlflow_operator.status.reasons.meaning import Meaning

MEANINGS: tuple[Meaning, ...] = (*claims.MEANINGS, *versions.MEANINGS, *gates.MEANINGS, *servers.MEANINGS)
NOTHING = "\N{EN DASH}"


def table() -> Iterator[str]:
    """The lines of the page's table."""
    yield "| Phase | Reason | Ready | Kind | Meaning | What to do |"
    yield "|---|---|---|---|---|---|"
    for each in MEANINGS:
        reasons = ", ".join(f"`{reason}`" for reason in each.reasons)
        cells = (each.phase, reasons, each.standing.ready, each.standing.kind, each.means, each.helps)
        yield f"| {' | '.join(cell or NOTHING for cell in cells)} |"
