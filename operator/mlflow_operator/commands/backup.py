"""``mlflow-operator backup``: make a backup of a tracking server, list and verify what there is, and restore one.

0  it is as it should be
1  a backup is damaged, or there is none, or what was asked for is refused
2  wrong use
3  a store or a database could not be used; another try may help
"""

import argparse
import json
import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlflow_operator.backup import catalogue, checking, pruning, restoring, writing
from mlflow_operator.backup.databases import Database, database
from mlflow_operator.backup.errors import BackupError, Refused, Unreachable
from mlflow_operator.backup.manifest import Manifest, Server
from mlflow_operator.backup.places import Place, place
from mlflow_operator.backup.retention import Retention

OK, WRONG, USAGE, UNANSWERED = 0, 1, 2, 3
_DATABASES = {"tracking": "BACKUP_DATABASE", "auth": "BACKUP_AUTH_DATABASE"}
_ARTIFACTS, _PLACE, _SERVER = "BACKUP_ARTIFACTS", "BACKUP_PLACE", "BACKUP_SERVER"
_LONGEST = 500
"""Characters of a text in the report; each takes six bytes at most."""
_VARIABLES = f"""\
addresses, where no option gives them: {_PLACE}, {_ARTIFACTS}, {_DATABASES["tracking"]}, {_DATABASES["auth"]}
of a bucket: {_PLACE}_ENDPOINT, _REGION, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY, _ROOT_CERTIFICATE (a file) and more of what
its library knows, and the same for {_ARTIFACTS}_; else AWS_*, GOOGLE_* and AZURE_* as everywhere
of a database: PGUSER, PGPASSWORD, PGSSLMODE and others of libpq

exit codes: 0 as it should be; 1 damaged, missing or refused; 2 wrong use; 3 something could not be used
"""


def main(words: Sequence[str]) -> int:
    """Run the command; its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    said = _parser().parse_args(words)
    try:
        report: dict[str, Any] = said.run(said)
    except BackupError as error:
        report = {"ok": False, "reason": error.reason, "message": error.message}
        print(f"mlflow-operator backup: {error}", file=sys.stderr)
        code = UNANSWERED if isinstance(error, Unreachable) else WRONG
    except Exception as error:  # what nobody foresaw may hold anything, so where it was is told, and of which kind
        print("".join(traceback.format_tb(error.__traceback__)), file=sys.stderr)
        report = {"ok": False, "reason": "InternalError", "message": f"unexpected {type(error).__name__}; see the log"}
        code = UNANSWERED
    else:
        code = OK if report["ok"] else WRONG
    if file := os.environ.get("BACKUP_REPORT"):
        # A termination message has 4,096 bytes, and the kubelet cuts off what is more.
        short = {key: value[:_LONGEST] if isinstance(value, str) else value for key, value in report.items()}
        Path(file).write_text(json.dumps(short))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlflow-operator backup",
        description="Back up the database and the artifacts of an MLflow server, and restore them.",
        epilog=_VARIABLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    made = _command(commands, "make", "make one, and remove those that are too many or too old", _make)
    _of_server(made)
    made.add_argument("--keep-last", type=int, metavar="N", help="backups of this server that stay")
    made.add_argument("--max-age", type=_age, metavar="720h", help="older ones go, but for the latest")
    listed = _command(commands, "list", "list those that are there", _list)
    listed.add_argument("-o", "--output", choices=("text", "json"), default="text", help="for people, or programs")
    verified = _command(commands, "verify", "look whether one is what it was when it was made", _verify)
    verified.add_argument("--quick", action="store_true", help="by names and sizes, instead of reading all of it")
    verified.add_argument("name", nargs="?", default="latest", help="of the backup (the latest)")
    restored = _command(commands, "restore", "restore one into a server that has no data yet", _restore)
    _of_server(restored)
    restored.add_argument("--once", action="store_true", help="leave a server alone that was restored from any backup")
    restored.add_argument("name", nargs="?", default="latest", help="of the backup (the latest)")
    return parser


def _command(commands: Any, name: str, what: str, run: Any) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    found.set_defaults(run=run)
    found.add_argument("--place", metavar="URI", help="folder, or s3://, gs:// or az:// address, of the backups")
    return found


def _of_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="URI", help="of the tracking server, without a password")
    parser.add_argument("--auth-database", metavar="URI", help="of MLflow's logins, if it is another one")
    parser.add_argument("--artifacts", metavar="URI", help="folder, or s3:// address, of the artifacts")


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(?:(\d{1,5})h)?(?:(\d{1,5})m)?(?:(\d{1,5})s)?", text)
    if not text or not found:
        raise argparse.ArgumentTypeError("write hours, minutes and seconds, such as 720h")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _make(said: argparse.Namespace) -> dict[str, Any]:
    to, artifacts = _the_place(said), _artifacts(said)
    if artifacts and _within(to, artifacts):
        raise Refused("PlaceAmongArtifacts", f"{to.uri} is among the artifacts; choose a place that is not copied too")
    about = {key: os.environ.get(f"{_SERVER}_{key.upper()}", "") for key in Server.__dataclass_fields__}
    source = writing.Source(Server(**about), _databases(said), artifacts)
    made = writing.make(source, to, _now, secrets.token_hex(3))
    gone = pruning.prune(to, Retention(said.keep_last, said.max_age), made, _now())
    for name in gone:
        print(f"removed {name}")
    print(_line(made))
    return {"ok": True, **_summary(made), "removed": len(gone)}


def _within(one: Place, other: Place) -> bool:
    """Whether a place is in another, as far as addresses tell."""
    inner, outer = (f"{place_.uri.removeprefix('file://').rstrip('/')}/" for place_ in (one, other))
    same = os.environ.get(f"{_PLACE}_ENDPOINT") == os.environ.get(f"{_ARTIFACTS}_ENDPOINT")
    return same and inner.startswith(outer)


def _list(said: argparse.Namespace) -> dict[str, Any]:
    found = catalogue.find(_the_place(said))
    if said.output == "json":
        print(json.dumps({"backups": [_summary(one) for one in found.whole], "cut": found.cut}))
    else:
        for one in found.whole:
            print(_line(one))
        for name in found.cut:
            print(f"{name}  under way, or cut off")
    return {"ok": True}


def _verify(said: argparse.Namespace) -> dict[str, Any]:
    where = _the_place(said)
    one = catalogue.choose(where, said.name)
    found = checking.lacking(where, one) if said.quick else checking.broken(where, one)
    for fault in found:
        print(fault)
    print(f"{one.name}  {'damaged' if found else 'as it was when it was made'}")
    return {"ok": not found, **({"reason": "BackupDamaged", "message": found[0]} if found else {}), **_summary(one)}


def _restore(said: argparse.Namespace) -> dict[str, Any]:
    databases = _databases(said)
    if said.once and (known := restoring.restored_from(databases)):
        print(f"{known}  was restored already")
        return {"ok": True, "restored": known}
    where = _the_place(said)
    one = catalogue.choose(where, said.name)
    new = restoring.restore(one, where, databases, _artifacts(said))
    print(f"{one.name}  {'restored' if new else 'was restored already'}")
    return {"ok": True, "restored": one.name, **_summary(one)}


def _the_place(said: argparse.Namespace) -> Place:
    return _place(said.place, _PLACE) or _usage("say where backups are: --place, or BACKUP_PLACE")


def _artifacts(said: argparse.Namespace) -> Place | None:
    return _place(said.artifacts, _ARTIFACTS)


def _place(uri: str | None, variable: str) -> Place | None:
    found = uri or os.environ.get(variable)
    if not found:
        return None
    prefix = f"{variable}_"
    options = {key.removeprefix(prefix).lower(): value for key, value in os.environ.items() if key.startswith(prefix)}
    return place(found, options)


def _databases(said: argparse.Namespace) -> list[Database]:
    given = {"tracking": said.database, "auth": said.auth_database}
    uris = {name: given[name] or os.environ.get(variable) for name, variable in _DATABASES.items()}
    found = [database(name, uri, os.environ) for name, uri in uris.items() if uri]
    return found or _usage("say which database: --database, or BACKUP_DATABASE")


def _usage(message: str) -> Any:
    print(f"mlflow-operator backup: {message}", file=sys.stderr)
    sys.exit(USAGE)


def _summary(one: Manifest) -> dict[str, Any]:
    """What is told of a backup, in few bytes."""
    return {
        "name": one.name,
        "server": asdict(one.server),
        "began": one.began.isoformat(),
        "ended": one.ended.isoformat(),
        "rows": sum(sum(copy.rows.values()) for copy in one.databases),
        "artifacts": one.artifacts.count if one.artifacts else 0,
        "bytes": sum(copy.size for copy in one.databases) + (one.artifacts.size if one.artifacts else 0),
        "stored": one.stored,
        "revisions": one.databases[0].revisions,
    }


def _line(one: Manifest) -> str:
    told = _summary(one)
    seconds = (one.ended - one.began).total_seconds()
    whose = f"{one.server.namespace}/{one.server.name}  " if one.server.name else ""
    return (
        f"{one.name}  {whose}{told['rows']} rows, {told['artifacts']} artifacts, {told['bytes']} bytes"
        f" (stored {told['stored']} in {seconds:.0f} s)"
    )


def _now() -> datetime:
    return datetime.now(UTC)
