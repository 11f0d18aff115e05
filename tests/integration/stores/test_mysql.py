"""A database of MySQL's kind: it cannot undo changes of a schema, so a migration that was cut off needs words."""

import os
import random
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import available
from cluster.host import waiting
from cluster.services import mariadb
from cluster.services.mariadb import Mariadb
from integration.stores.test_prepare import OLDER, prepare, python, variables, with_volume
from mlflow_operator.desired.preparation.job import script

pytestmark = pytest.mark.integration

KILLS = int(os.environ.get("KILLS", "2"))
ASK = """
import os, sys, pymysql
cursor = pymysql.connect(port=int(os.environ["PORT"]), user="mlflow", password=os.environ["WORD"]).cursor()
cursor.execute(sys.argv[1])
print(cursor.fetchall(), flush=True)
"""
TWICE = "INSERT INTO {}.alembic_version VALUES ('451aebb31d03')"
"""A revision that MLflow has left behind long ago, beside the one of today."""
MIGRATING = "migrating the schema"


@pytest.fixture(scope="module")
def server(session_folder: Path) -> Iterator[Mariadb]:
    """A MariaDB."""
    found = Mariadb(session_folder / "mariadb")
    with available():
        found.start()
    yield found
    found.remove()


def new(server: Mariadb) -> str:
    """A new, empty database."""
    name = f"d{uuid.uuid4().hex}"
    server.run(ASK, f"CREATE DATABASE {name}")
    return server.uri(name)


@pytest.fixture
def uri(server: Mariadb) -> str:
    """One of them."""
    return new(server)


def spec_of(folder: Path) -> dict[str, Any]:
    """A server on the database of the Secret, with the driver where its image would have it."""
    spec = with_volume({"uriSecretRef": {"name": "uri", "key": "uri"}}, folder)
    return spec | {"env": [*spec["env"], {"name": "PYTHONPATH", "value": str(mariadb.driver())}]}


def begin(uri: str, folder: Path) -> "subprocess.Popen[str]":
    """Start a preparation, and return it when it migrates."""
    env = variables(spec_of(folder), {"uri": {"uri": uri}}) | {"PREPARE_RESULT": str(folder / "result")}
    process = subprocess.Popen([python(), "-c", script()], env=env, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any(MIGRATING in line for line in process.stderr)
    return process


def kill(process: "subprocess.Popen[str]") -> None:
    """As a node does that runs out of memory."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_an_empty_database_gets_its_tables_and_a_second_run_changes_nothing(uri: str, tmp_path: Path) -> None:
    """Through a URI in a Secret, with a driver that the image has."""
    secrets = {"uri": {"uri": uri}}
    first, second = (prepare(spec_of(tmp_path), tmp_path, secrets=secrets, patience=30) for _ in range(2))
    assert (first.code, first.database["reason"]) == (0, "Migrated"), first.database
    assert (second.code, second.database["reason"]) == (0, "UpToDate"), second.database


def test_what_a_migration_would_do_is_said_before_it_is_done(server: Mariadb, uri: str, tmp_path: Path) -> None:
    """The database's own books say how large the tables are."""
    server.run(OLDER, uri, "1", "0")
    asked = prepare(spec_of(tmp_path), tmp_path, secrets={"uri": {"uri": uri}}, patience=30, asks=True)
    assert (asked.code, asked.database["reason"]) == (4, "MigrationPlanned"), asked.database
    assert re.search(r"its largest tables are \w+ [0-9.]+ kB", asked.database["message"]), asked.database["message"]


def test_a_migration_that_was_cut_off_is_named_and_not_tried_again(server: Mariadb, uri: str, tmp_path: Path) -> None:
    """Somebody's transaction holds up its second step when the node dies: only a backup helps, and that is said."""
    server.run(OLDER, uri, "1", "0")
    name = uri.rpartition("/")[2]
    words = [str(python()), "-c", f"{ASK}\ninput()", f"SELECT count(*) FROM {name}.jobs"]  # noqa: S608 - of this test
    env = os.environ | server.environment
    with subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as transaction:
        assert transaction.stdout is not None
        assert transaction.stdout.readline() == "((0,),)\n"
        process = begin(uri, tmp_path)
        tables = f"SHOW TABLES FROM {name}"
        waiting.until(lambda: "scheduler_leases" in server.run(ASK, tables), what="the first step", seconds=60)
        time.sleep(1)
        kill(process)
        transaction.communicate("\n")
    for _ in range(2):
        following = prepare(spec_of(tmp_path), tmp_path, secrets={"uri": {"uri": uri}}, patience=30)
        assert (following.code, following.database["reason"]) == (3, "MigrationHalfDone"), following.database
        assert "restore the backup" in following.database["message"]


def test_a_database_that_migrations_cannot_make_sense_of_is_named(server: Mariadb, uri: str, tmp_path: Path) -> None:
    """Its revision is told twice, so it is no word of the database that ends the migration."""
    secrets, name = {"uri": {"uri": uri}}, uri.rpartition("/")[2]
    first = prepare(spec_of(tmp_path), tmp_path, secrets=secrets, patience=30)
    server.run(ASK.replace("cursor.execute", "cursor.connection.autocommit(True); cursor.execute"), TWICE.format(name))
    second = prepare(spec_of(tmp_path), tmp_path, secrets=secrets, patience=30)
    assert first.database["reason"] == "Migrated"
    assert (second.code, second.database["reason"]) == (3, "MigrationHalfDone"), second.database["message"]
    assert "CommandError" in second.database["message"]


def test_whenever_a_creation_is_killed_the_next_one_succeeds_or_says_what_helps(
    server: Mariadb, tmp_path: Path
) -> None:
    """KILL at chance moments; nothing but the two."""
    chance = random.Random(11)
    for _ in range(KILLS):
        uri, after = new(server), chance.uniform(0, 4)
        process = begin(uri, tmp_path)
        time.sleep(after)
        kill(process)
        following = prepare(spec_of(tmp_path), tmp_path, secrets={"uri": {"uri": uri}}, patience=30)
        print(f"KILL after {after:.2f} s: {following.code}, {following.database['reason']}")
        expected = [(0, "Migrated"), (0, "UpToDate"), (3, "MigrationHalfDone")]
        assert (following.code, following.database["reason"]) in expected, following.database["message"]
