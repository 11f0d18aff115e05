"""A preparation that is killed in the middle of a migration: the next one succeeds, and no row is lost.

KILLS=20 ROWS=60000 tries more moments of a larger database than there is time for each time.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cluster.services.postgres import Postgres
from integration.stores.test_prepare import OLDER, python
from mlflow_operator.desired.preparation.job import script

pytestmark = pytest.mark.integration

KILLS, ROWS = int(os.environ.get("KILLS", "4")), int(os.environ.get("ROWS", "500"))
REVISIONS_BEHIND = 55
"""Far enough back for the largest tables to be written anew."""
COUNTED = {
    "runs": "SELECT count(*) FROM runs",
    "tags": "SELECT count(*) FROM tags",
    "metrics": "SELECT count(*) FROM metrics",
}

# MLflow is imported once; each preparation is a process of its own nevertheless.
NURSERY = """
import json, os, sys, time
for line in sys.stdin:
    order = json.loads(line)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 2)
        os.environ.update(order["env"])
        os._exit(module.main())
    os.close(writing)
    begun, ended = None, None
    with os.fdopen(reading) as log:
        for text in log:
            if "migrating the schema" in text:
                begun = time.monotonic()
                if order["signal"]:
                    time.sleep(order["after"])
                    os.kill(child, order["signal"])
            elif "schema is at revision" in text:
                ended = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps({"code": code, "seconds": ended - begun if begun and ended else None}), flush=True)
"""


class Ending(NamedTuple):
    """How a preparation ended, and for how many seconds it migrated if it got through."""

    code: int
    seconds: float | None
    report: dict[str, Any]


Prepare = Callable[..., Ending]


@pytest.fixture(scope="module")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepare]:
    """Run a preparation of the database at a URI, and send it a signal so many seconds into its migration."""
    folder = tmp_path_factory.mktemp("killed")
    env = {"PATH": os.defpath, "HOME": str(folder), "MLFLOW_DISABLE_TELEMETRY": "true", "PREPARE_PATIENCE": "30"}
    text = script().rpartition("\nsys.exit")[0] + NURSERY
    command = [str(python()), "-c", text]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        orders, endings = nursery.stdin, nursery.stdout
        assert orders is not None
        assert endings is not None

        def run(uri: str, *, after: float = 0, how: signal.Signals | None = None) -> Ending:
            result = folder / uuid.uuid4().hex
            variables = {"MLFLOW_BACKEND_STORE_URI": uri, "PREPARE_RESULT": str(result), "PREPARE_VERIFY": "None"}
            order = {"env": variables, "after": after, "signal": how and int(how)}
            print(json.dumps(order), file=orders, flush=True)
            ending = json.loads(endings.readline())
            parts = json.loads(result.read_text())["parts"] if result.exists() else [{}]
            return Ending(ending["code"], ending["seconds"], parts[0])

        yield run
        orders.close()


class Database(NamedTuple):
    """A database that can be had again as it was."""

    fresh: Callable[[], str]
    """A copy, and its URI."""
    counted: Callable[[str], dict[str, int]]
    """How many rows there are in the copy at a URI."""


def make_older(uri: str) -> None:
    """Create an older schema with rows."""
    words = [str(python()), "-c", OLDER, uri, str(REVISIONS_BEHIND), str(ROWS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def of_sqlite(tmp_path: Path) -> Callable[[bool], Database]:
    """SQLite files, empty or with an older schema."""
    file = tmp_path / "original.db"

    def fresh() -> str:
        copy = tmp_path / f"{uuid.uuid4().hex}.db"
        if file.exists():
            shutil.copy(file, copy)
        return f"sqlite:///{copy}"

    def counted(uri: str) -> dict[str, int]:
        with sqlite3.connect(uri.removeprefix("sqlite:///")) as connection:
            return {table: connection.execute(query).fetchone()[0] for table, query in COUNTED.items()}

    def make(older: bool) -> Database:
        if older:
            make_older(f"sqlite:///{file}")
        return Database(fresh, counted)

    return make


@pytest.fixture
def of_postgres(postgres: Postgres) -> Callable[[bool], Database]:
    """PostgreSQL databases, empty or with an older schema."""
    original = f"o{uuid.uuid4().hex}"
    postgres.create_database(original)

    def fresh() -> str:
        name = f"c{uuid.uuid4().hex}"
        postgres.sql(f"CREATE DATABASE {name} TEMPLATE {original}", "postgres")
        return postgres.uri(name)

    def counted(uri: str) -> dict[str, int]:
        name = uri.rpartition("/")[2]
        return {table: int(postgres.sql(query, name)) for table, query in COUNTED.items()}

    def make(older: bool) -> Database:
        if older:
            make_older(postgres.uri(original))
        return Database(fresh, counted)

    return make


@pytest.mark.parametrize("older", [False, True], ids=["creation", "upgrade"])
@pytest.mark.parametrize("kind", ["of_sqlite", "of_postgres"])
def test_whenever_a_preparation_is_killed_the_next_one_succeeds(
    kind: str, older: bool, prepare: Prepare, request: pytest.FixtureRequest
) -> None:
    """KILL and TERM at chance moments: either the migration is through, or nothing has changed."""
    database: Database = request.getfixturevalue(kind)(older)
    whole = prepare(database.fresh())
    assert whole.seconds, whole
    rows = dict.fromkeys(COUNTED, ROWS if older else 0)
    chance = random.Random(7)
    for number in range(KILLS):
        how = (signal.SIGKILL, signal.SIGTERM)[number % 2]
        uri, after = database.fresh(), chance.uniform(0, whole.seconds)
        killed = prepare(uri, after=after, how=how)
        if how == signal.SIGTERM:
            assert killed.report["reason"] in ("Migrated", "Interrupted"), (after, killed)
        following = prepare(uri)
        print(
            f"{kind} {how.name} after {after:.2f} of {whole.seconds:.2f} s: {killed.code}, {following.report['reason']}"
        )
        assert following.code == 0, (how, after, killed, following)
        assert following.report["reason"] in ("Migrated", "UpToDate")
        assert database.counted(uri) == rows
