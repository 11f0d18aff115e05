"""Restores a backup into a server that has no data yet: artifacts first, the database last, so it is all or nothing.

What is cut off goes on: a mark among the artifacts says whose they are, and a database says what it was restored from.
"""

import logging
import mimetypes
from collections.abc import Sequence

from mlflow_operator.backup import catalogue, checking
from mlflow_operator.backup.beside import beside
from mlflow_operator.backup.databases import Database
from mlflow_operator.backup.errors import Damaged, Refused
from mlflow_operator.backup.listing import Artifact
from mlflow_operator.backup.manifest import MARK, DatabaseCopy, Manifest
from mlflow_operator.backup.places import Place

_AT_ONCE = 8

log = logging.getLogger(__name__)


def restored_from(databases: Sequence[Database]) -> str | None:
    """The backup that all of these were restored from; None where one of them is empty.

    Raises:
        Refused: NotEmpty; one of them has other data, or that of another backup.
    """
    found = {database.restored_from() for database in databases}
    if len(found - {None}) > 1:
        raise Refused("NotEmpty", f"the databases are those of different backups: {', '.join(map(str, found))}")
    return None if None in found else found.pop()


def restore(of: Manifest, where: Place, databases: Sequence[Database], artifacts: Place | None) -> bool:
    """Have what the backup has; False if that was so already.

    Args:
        of: The backup.
        where: The place that it is in.
        databases: One for each that the backup has, by the same names.
        artifacts: Where artifacts are put; None leaves them out.

    Raises:
        Refused: NotEmpty, or the backup has not what is asked for, or it is Damaged.
        Unreachable: Something does not answer; another try goes on.
    """
    pairs = [(_copy(of, database), database) for database in databases]
    if missing := {copy.name for copy in of.databases} - {database.name for database in databases}:
        raise Refused("DatabaseMissing", f"backup {of.name} has {' and '.join(sorted(missing))} too; say where it goes")
    done = [_is_done(of, database) for database in databases]
    if all(done):
        log.info("it was restored from %s already", of.name)
        _tidy(artifacts)
        return False
    if lacking := checking.lacking(where, of):
        raise Damaged(f"backup {of.name} is not whole any more: {'; '.join(lacking)}")
    if artifacts is not None and of.artifacts:
        _put_back(of, where, artifacts)
    for (copy, database), there in zip(pairs, done, strict=True):
        if not there:
            file = of.file(copy.file)
            database.restore(catalogue.content(where, file, copy.sha256, file), copy, of.name)
            log.info("database %s: %d rows", database.name, sum(copy.rows.values()))
    _tidy(artifacts)
    return True


def _tidy(artifacts: Place | None) -> None:
    """Take the mark away, also that of a try that ended when the database was there already."""
    if artifacts is not None:
        artifacts.remove([thing.name for thing in artifacts.things() if thing.name == MARK])


def _copy(of: Manifest, database: Database) -> DatabaseCopy:
    for copy in of.databases:
        if copy.name == database.name:
            if copy.kind != database.kind:
                message = f"backup {of.name} is of {copy.kind}, and {database.kind} cannot take it; use the same kind"
                raise Refused("OtherKind", message)
            return copy
    raise Refused("DatabaseMissing", f"backup {of.name} has no database {database.name}")


def _is_done(of: Manifest, database: Database) -> bool:
    """Whether it has this backup already.

    Raises:
        Refused: It has something else.
    """
    known = database.restored_from()
    if known not in (None, of.name):
        raise Refused("NotEmpty", f"database {database.name} was restored from backup {known}, not {of.name}")
    return known is not None


def _put_back(of: Manifest, where: Place, artifacts: Place) -> None:
    """All artifacts, but for those that an earlier try has put back."""
    there = {thing.name: thing.size for thing in artifacts.things()}
    begun = b"".join(artifacts.read(MARK)).decode(errors="replace") if there.pop(MARK, None) is not None else ""
    if there and begun != of.name:
        some = ", ".join(sorted(there)[:3])
        message = f"{artifacts.uri} has {len(there)} artifacts ({some}); a backup is restored into an empty store"
        raise Refused("NotEmpty", message)
    artifacts.write(MARK, [of.name.encode()])

    def one(artifact: Artifact) -> None:
        if there.get(artifact.path) == artifact.size:
            return
        what = f"{artifact.path} ({artifact.blob})"
        plain = catalogue.content(where, artifact.blob, artifact.sha256, what)
        artifacts.write(artifact.path, plain, mimetypes.guess_type(artifact.path)[0])

    count = sum(1 for _ in beside(one, catalogue.listed(where, of), _AT_ONCE))
    log.info("artifacts: %d", count)
