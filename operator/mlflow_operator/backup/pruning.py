"""Takes away what is superfluous: first what makes it a backup, then its bytes, as far as no other has them."""

import logging
from datetime import datetime

from mlflow_operator.backup import catalogue, retention
from mlflow_operator.backup.manifest import FOLDER, MANIFEST, Manifest
from mlflow_operator.backup.places import Place
from mlflow_operator.backup.retention import Retention

log = logging.getLogger(__name__)


def prune(where: Place, keep: Retention, latest: Manifest, now: datetime) -> list[str]:
    """Remove the superfluous backups of the server of ``latest``, and what was cut off long ago; names of both.

    Bytes that no backup has any more stay while another backup is under way, which may be about to count on them.

    Raises:
        BackupError: Not everything was removed; the next time goes on.
    """
    found = catalogue.find(where)
    old = retention.superfluous(found.whole, keep, latest.server.uid, now)
    cut = retention.abandoned(found.cut, now)
    for one in old:
        where.remove([one.file(MANIFEST)])
    for name in (*(one.name for one in old), *cut):
        where.remove([thing.name for thing in where.things(f"{FOLDER}/{name}")])
    left = catalogue.find(where)
    if left.cut:
        log.info("another backup is under way, so no artifacts are removed: %s", ", ".join(left.cut))
    elif old or cut:
        _sweep(where, left.whole)
    return [*(one.name for one in old), *cut]


def _sweep(where: Place, whole: tuple[Manifest, ...]) -> None:
    """Remove the blobs that no backup has."""
    wanted = {artifact.blob for one in whole for artifact in catalogue.listed(where, one)}
    where.remove([thing.name for thing in where.things("blobs") if thing.name not in wanted])
