"""Backups of a real MLflow on PostgreSQL and MinIO, and what a new server has that was restored from one."""

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cluster.services.contents import READ, WORK
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.mlflow_server import MlflowServer, environment, pinned_version
from cluster.services.postgres import PASSWORD, Postgres, binaries
from mlflow_operator.backup.manifest import MANIFEST
from mlflow_operator.backup.places import place

pytestmark = pytest.mark.integration


class Stores(NamedTuple):
    """A database and a bucket of one's own."""

    database: str
    bucket: str


class Done(NamedTuple):
    """How the program ended."""

    code: int
    out: str
    report: dict[str, Any]


class Program:
    """``mlflow-operator backup``, with the tools that the toolbox image has, and backups in a bucket."""

    def __init__(self, folder: Path, postgres: Postgres, minio: Minio) -> None:
        self.folder = folder
        self.postgres = postgres
        self.minio = minio
        self.place = minio.create_bucket(f"backups-{uuid.uuid4().hex[:8]}") + "/team/mlflow"

    def environ(self, of: Stores, password: str = PASSWORD) -> dict[str, str]:
        """As the operator's Job has it."""
        bucket = {"ENDPOINT": self.minio.url, "REGION": "us-east-1"}
        bucket |= {"ACCESS_KEY_ID": ACCESS_KEY, "SECRET_ACCESS_KEY": SECRET_KEY}
        return {
            "BACKUP_PLACE": self.place,
            "BACKUP_DATABASE": f"postgresql+psycopg2://127.0.0.1:{self.postgres.port}/{of.database}",
            "BACKUP_ARTIFACTS": f"s3://{of.bucket}/artifacts",
            "BACKUP_REPORT": str(self.folder / "report.json"),
            "BACKUP_SERVER_NAMESPACE": "team",
            "BACKUP_SERVER_NAME": "mlflow",
            "BACKUP_SERVER_UID": "0b5e",
            "PGUSER": "mlflow",
            "PGPASSWORD": password,
            **{f"BACKUP_{where}_{name}": value for where in ("PLACE", "ARTIFACTS") for name, value in bucket.items()},
        }

    def start(self, *words: str, of: Stores, password: str = PASSWORD) -> subprocess.Popen[str]:
        """Run it."""
        env = {**os.environ, **self.environ(of, password), "PATH": f"{binaries()}:{os.environ['PATH']}"}
        argv = [sys.executable, "-m", "mlflow_operator", "backup", *words]
        return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *words: str, of: Stores, password: str = PASSWORD) -> Done:
        """Run it to its end."""
        file = self.folder / "report.json"
        file.unlink(missing_ok=True)
        process = self.start(*words, of=of, password=password)
        out, _ = process.communicate(timeout=300)
        return Done(process.returncode, out, json.loads(file.read_text()) if file.exists() else {})


def client(script: str, url: str, *words: str) -> str:
    """What MLflow's own client does, or says."""
    python = environment(pinned_version()) / "bin" / "python"
    env = {**os.environ, "PYTHONPATH": "", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", script, url, *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def program(tmp_path: Path, postgres: Postgres, minio: Minio) -> Program:
    """The program, and a place for backups."""
    return Program(tmp_path, postgres, minio)


def new_stores(postgres: Postgres, minio: Minio) -> Stores:
    """Empty ones."""
    name = f"backup-{uuid.uuid4().hex[:8]}"
    postgres.create_database(name)
    minio.create_bucket(name)
    return Stores(name, name)


def serving(folder: Path, stores: Stores, postgres: Postgres, minio: Minio) -> Iterator[MlflowServer]:
    """An MLflow on them."""
    uri, artifacts = postgres.uri(stores.database), f"s3://{stores.bucket}/artifacts"
    server = MlflowServer(folder, uri, artifacts, extra_env=minio.client_env, name=f"mlflow-{stores.bucket}")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def filled(session_folder: Path, postgres: Postgres, minio: Minio) -> Iterator[tuple[Stores, str, MlflowServer]]:
    """A server with runs, artifacts and a model, and all that its client can say of it; nobody changes it."""
    stores = new_stores(postgres, minio)
    for server in serving(session_folder / "backed-up", stores, postgres, minio):
        client(WORK, server.url, "4")
        yield stores, client(READ, server.url), server


def test_a_restored_server_has_what_the_first_had(
    filled: tuple[Stores, str, MlflowServer], program: Program, tmp_path: Path, postgres: Postgres, minio: Minio
) -> None:
    """The same runs, metrics, versions, stages, aliases, tags and artifact bytes, as MLflow's own client reads them."""
    stores, said, _ = filled
    made = program.run("make", of=stores)
    assert (made.code, made.report["ok"], made.report["artifacts"]) == (0, True, 12), made.out
    again = program.run("make", of=stores)
    assert "of which 0 are new" in again.out
    assert program.run("verify", of=stores).out.endswith("as it was when it was made\n")
    new = new_stores(postgres, minio)
    done = program.run("restore", of=new)
    assert done.code == 0, done.out
    assert program.run("restore", of=new).out.endswith("was restored already\n")
    for server in serving(tmp_path / "new", new, postgres, minio):
        assert json.loads(client(READ, server.url)) == json.loads(said)
    assert program.run("make", of=new).code == 0, "it can be backed up itself"


def test_what_has_data_is_left_alone(filled: tuple[Stores, str, MlflowServer], program: Program) -> None:
    """A restore onto a server that has data is refused, and nothing of it changes."""
    stores, said, server = filled
    assert program.run("make", of=stores).code == 0
    done = program.run("restore", of=stores)
    assert (done.code, done.report["reason"]) == (1, "NotEmpty")
    assert client(READ, server.url) == said


def test_a_restore_killed_at_any_moment_goes_on(
    filled: tuple[Stores, str, MlflowServer], program: Program, tmp_path: Path, postgres: Postgres, minio: Minio
) -> None:
    """Killed ten times, later each time: the database has all or nothing, and the next try ends it."""
    stores, said, _ = filled
    assert program.run("make", of=stores).code == 0
    new = new_stores(postgres, minio)
    began = time.monotonic()
    assert program.run("restore", of=new_stores(postgres, minio)).code == 0
    whole = time.monotonic() - began
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    for part in range(10):
        process = program.start("restore", of=new)
        time.sleep(whole * (0.3 + 0.07 * part))
        process.kill()
        process.communicate()
        postgres.sql("SELECT 1", new.database)
        assert postgres.sql(tables, new.database) in ("0", postgres.sql(tables, stores.database))
    assert program.run("restore", of=new).code == 0
    for server in serving(tmp_path / "new", new, postgres, minio):
        assert json.loads(client(READ, server.url)) == json.loads(said)


def test_a_backup_killed_at_any_moment_is_none(filled: tuple[Stores, str, MlflowServer], program: Program) -> None:
    """Killed ten times, later each time: what has a manifest is whole, and the next is made."""
    stores, _, _ = filled
    began = time.monotonic()
    assert program.run("make", of=stores).code == 0
    whole = time.monotonic() - began
    for part in range(10):
        process = program.start("make", of=stores)
        time.sleep(whole * (0.3 + 0.07 * part))
        process.kill()
        process.communicate()
    listed = json.loads(program.run("list", "-o", "json", of=stores).out)
    assert listed["cut"], "some were killed before their end"
    for one in listed["backups"]:
        assert program.run("verify", one["name"], of=stores).code == 0
    assert program.run("make", of=stores).code == 0


def test_a_database_with_other_rows_than_the_backup_says_is_not_restored(
    filled: tuple[Stores, str, MlflowServer], program: Program, postgres: Postgres, minio: Minio
) -> None:
    """The check is in the transaction: what it refuses never was."""
    stores, _, _ = filled
    made = program.run("make", of=stores).report
    options = {"endpoint": minio.url, "region": "us-east-1"}
    where = place(program.place, options | {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY})
    name = f"backups/{made['name']}/{MANIFEST}"
    text = b"".join(where.read(name)).decode()
    where.write(name, [re.sub(r'("public.runs": )\d+', r"\g<1>99", text).encode()])
    new = new_stores(postgres, minio)
    done = program.run("restore", of=new)
    assert (done.code, done.report["reason"]) == (1, "DatabaseRefused"), done.out
    assert "table public.runs has other rows than the backup says" in done.report["message"]
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", new.database) == "0"


def test_what_cannot_be_used_is_said_without_the_password(
    filled: tuple[Stores, str, MlflowServer], program: Program
) -> None:
    """A wrong password, a bucket that is not there, a database that is not: which, and that another try may help."""
    stores, _, _ = filled
    wrong = program.run("make", of=stores, password="not/the:password")
    assert (wrong.code, wrong.report["reason"]) == (3, "DatabaseUnreachable")
    missing = program.run("make", of=stores._replace(bucket="no-such-bucket"))
    assert (missing.code, missing.report["reason"]) == (3, "StoreUnreachable")
    assert "s3://no-such-bucket/artifacts could not be used" in missing.report["message"]
    nowhere = program.run("make", of=stores._replace(database="nowhere"))
    assert nowhere.report["reason"] == "DatabaseUnreachable"
    for done in (wrong, missing, nowhere):
        assert not any(secret in done.out for secret in ("not/the:password", PASSWORD, SECRET_KEY))
