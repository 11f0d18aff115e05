"""The preparation's script, in the environment that the operator gives it, against real stores."""

import json
import os
import re
import sqlite3
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cluster.host import ports
from cluster.services import mlflow_server
from cluster.services import postgres as postgres_module
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.postgres import Postgres
from integration.stores.kubelet import environment
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.preparation.job import script

pytestmark = pytest.mark.integration

IMAGES = desired.Images("mlflow:{version}", "postgres", "object-store", "oauth2-proxy")
DATABASE_PASSWORD = postgres_module.PASSWORD
SECRETS = {
    "login": {"username": "mlflow", "password": DATABASE_PASSWORD},
    "mistaken": {"username": "mlflow", "password": "not/the:pass@word"},
    "keys": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
    "foreign-keys": {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "a-secret-of-nobody"},
    "wrong-keys": {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": "not-the-secret"},
}

# A schema that is so many revisions behind, with so many rows in its largest tables.
OLDER = """
import sys
import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db import utils
uri, behind, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
engine, config = utils.create_sqlalchemy_engine(uri), utils._get_alembic_config(uri)
utils.InitialBase.metadata.create_all(engine)
revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
config.attributes["connection"] = engine.connect()
command.upgrade(config, revisions[behind])
def fill(table, **values):
    names, marks = ", ".join(values), ", ".join(":" + name for name in values)
    one = sqlalchemy.text(f"INSERT INTO {table} ({names}) VALUES ({marks})")
    with engine.begin() as connection:
        connection.execute(one, [{k: v(n) if callable(v) else v for k, v in values.items()} for n in range(rows)])
run = "{:032x}".format
if rows:
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (7, 'fraud', 'active')"
        ))
    fill("runs", run_uuid=run, name="a run", experiment_id=7, status="FINISHED", lifecycle_stage="active",
         source_type="LOCAL", start_time=1)
    fill("tags", key="a tag", value="v" * 40, run_uuid=run)
    fill("metrics", key="accuracy", value=0.5, timestamp=1, run_uuid=run, step=0, is_nan=False)
"""


class Result(NamedTuple):
    """What the Job's pod leaves behind."""

    code: int
    database: dict[str, Any]
    artifacts: dict[str, Any]
    log: str
    document: str


def python() -> Path:
    """Python with MLflow, as in the server's image."""
    return mlflow_server.environment(mlflow_server.pinned_version()) / "bin" / "python"


def variables(spec: dict[str, Any], secrets: dict[str, dict[str, str]], *, asks: bool = False) -> dict[str, str]:
    """The environment of the Job of a server with this spec; one that ``asks`` migrates nothing that is there."""
    metadata = {"name": "ml", "namespace": "team", "uid": "1"}
    server = MLflowServer.parse({"metadata": metadata, "spec": spec})
    digests = {reference.key: "d" for reference in desired.references(server)}
    inputs = desired.Inputs(IMAGES, digests=digests)
    built = desired.build(server, inputs)
    if not asks:
        built = desired.build(server, replace(inputs, planned=built.stores))
    job = next(o for o in built.objects if o["kind"] == "Job")
    return environment(job, secrets) | {"PATH": os.defpath}


def prepare(
    spec: dict[str, Any],
    folder: Path,
    *,
    secrets: dict[str, dict[str, str]] | None = None,
    patience: int = 2,
    mounted: Path | None = None,
    asks: bool = False,
) -> Result:
    """Run the Job of a server with this spec as a process; what it mounts below /etc/mlflow is in ``mounted``."""
    secrets = SECRETS | (secrets or {})
    result = folder / f"result-{uuid.uuid4().hex}"
    env = {
        name: value.replace("/etc/mlflow", str(mounted)) for name, value in variables(spec, secrets, asks=asks).items()
    }
    env |= {"PREPARE_RESULT": str(result), "PREPARE_PATIENCE": str(patience)}
    done = subprocess.run(
        [python(), "-c", script()], env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    document = result.read_text()
    parts = {part["name"]: part for part in json.loads(document)["parts"]}
    assert len(document.encode()) <= 4096
    for secret in {value for data in secrets.values() for key, value in data.items() if "username" not in key.lower()}:
        if secret not in (ACCESS_KEY, "nobody"):
            assert secret not in done.stderr + done.stdout + document
    return Result(done.returncode, parts["database"], parts["artifacts"], done.stderr, document)


@pytest.fixture
def database(postgres: Postgres) -> str:
    """A new, empty database."""
    name = f"d{uuid.uuid4().hex}"
    postgres.create_database(name)
    return name


@pytest.fixture
def backend(postgres: Postgres, database: str) -> dict[str, Any]:
    """The backend store with that database."""
    login = {"name": "login"}
    address = {"host": "127.0.0.1", "port": postgres.port, "database": database}
    return {"postgres": address | {"credentialsSecretRef": login}}


def volume(folder: Path) -> list[dict[str, str]]:
    """The variable that puts the artifacts of a server with a volume into a folder of this machine."""
    return [{"name": "MLFLOW_ARTIFACTS_DESTINATION", "value": str(folder)}]


def with_volume(backend: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A spec with that backend store and artifacts in a folder."""
    return {"backendStore": backend, "artifactStore": {"persistentVolume": {}}, "env": volume(folder)}


def with_sqlite(folder: Path) -> dict[str, Any]:
    """A spec with a SQLite file in a folder, and artifacts beside it."""
    (folder / "artifacts").mkdir(exist_ok=True)
    uri = {"name": "MLFLOW_BACKEND_STORE_URI", "value": f"sqlite:///{folder}/mlflow.db"}
    spec = with_volume({"sqlite": {}}, folder / "artifacts")
    return spec | {"env": [*spec["env"], uri]}


def with_bucket(backend: dict[str, Any], minio: Minio, bucket: str, **fields: Any) -> dict[str, Any]:
    """A spec with that backend store and a bucket."""
    s3 = {"bucket": bucket, "endpoint": minio.url, "prefix": "a/b", "credentialsSecretRef": {"name": "keys"}} | fields
    return {"backendStore": backend, "artifactStore": {"s3": s3}}


def test_an_empty_database_gets_its_tables_and_a_second_run_changes_nothing(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """The first run migrates from nothing; the second finds the same revision."""
    first = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (first.code, first.database["reason"], first.database.get("was")) == (0, "Migrated", None), first
    assert postgres.sql("SELECT version_num FROM alembic_version", database) == first.database["revision"]
    assert first.artifacts["reason"] == "Writable"
    second = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (second.code, second.database["reason"], second.database["was"]) == (
        0,
        "UpToDate",
        first.database["revision"],
    )
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith("result-")] == []


def test_somebody_elses_tables_are_no_hindrance(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """A database with another program's table gets MLflow's beside it."""
    postgres.sql("CREATE TABLE theirs (id int)", database)
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"]) == (0, "Migrated"), result


def test_an_older_schema_is_migrated(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """A schema one revision behind is brought up to date, and the report says from where."""
    subprocess.run([python(), "-c", OLDER, postgres.uri(database), "1", "0"], check=True, capture_output=True)
    older = postgres.sql("SELECT version_num FROM alembic_version", database)
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"], result.database["was"]) == (0, "Migrated", older), result
    assert result.database["revision"] != older


def test_what_a_migration_would_do_is_said_before_it_is_done(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """From which revision to which, and how much there is; the schema stays as it was until it is asked again."""
    subprocess.run([python(), "-c", OLDER, postgres.uri(database), "1", "2000"], check=True, capture_output=True)
    older = postgres.sql("SELECT version_num FROM alembic_version", database)
    postgres.sql("ANALYZE", database)
    asked = prepare(with_volume(backend, tmp_path), tmp_path, asks=True)
    found = asked.database
    assert (asked.code, found["ok"], found["reason"], found["revision"]) == (4, None, "MigrationPlanned", older), found
    assert f"from revision {older} to {found['goal']}" in found["message"]
    assert re.search(r"runs [0-9.]+ kB \(about 2000 rows\)", found["message"]), found["message"]
    assert postgres.sql("SELECT version_num FROM alembic_version", database) == older
    assert asked.artifacts["reason"] == "Writable"
    done = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (done.code, done.database["reason"], done.database["revision"]) == (0, "Migrated", found["goal"])


def test_a_preparation_that_asks_goes_on_where_there_is_nothing_to_lose(tmp_path: Path) -> None:
    """An empty file gets its tables at once, and a schema that is up to date is one; an older file is told in bytes."""
    spec = with_sqlite(tmp_path)
    found = [prepare(spec, tmp_path, asks=True) for _ in range(2)]
    assert [(r.code, r.database["reason"]) for r in found] == [(0, "Migrated"), (0, "UpToDate")]
    (tmp_path / "mlflow.db").unlink()
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    subprocess.run([python(), "-c", OLDER, uri, "1", "0"], check=True, capture_output=True)
    older = prepare(spec, tmp_path, asks=True)
    assert (older.code, older.database["reason"]) == (4, "MigrationPlanned")
    assert re.search(r"; the file has [0-9.]+ kB$", older.database["message"]), older.database["message"]


def test_a_newer_database_is_refused_and_left_as_it_is(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """An unknown revision ends the Job for good; the message names found and expected, the revision stays."""
    newest = prepare(with_volume(backend, tmp_path), tmp_path).database["revision"]
    postgres.sql("UPDATE alembic_version SET version_num = 'ffff00001111'", database)
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"], result.database["was"]) == (3, "DatabaseNewer", "ffff00001111")
    assert "ffff00001111" in result.database["message"]
    assert newest in result.database["message"]
    assert postgres.sql("SELECT version_num FROM alembic_version", database) == "ffff00001111"
    assert result.artifacts["ok"] is True


def test_a_wrong_password_is_terminal(backend: dict[str, Any], tmp_path: Path) -> None:
    """The login is refused, and the password is nowhere."""
    backend["postgres"]["credentialsSecretRef"] = {"name": "mistaken"}
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["ok"], result.database["reason"]) == (3, False, "LoginRefused"), result


def test_a_missing_database_is_terminal(backend: dict[str, Any], tmp_path: Path) -> None:
    """The message names the database; a name that needs quoting arrives as it is."""
    backend["postgres"]["database"] = "not/there $(HOME)?"
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"]) == (3, "DatabaseMissing"), result
    assert 'database "not/there $(HOME)?" does not exist' in result.database["message"]


def test_an_unreachable_database_is_retried(backend: dict[str, Any], tmp_path: Path) -> None:
    """Nobody listens: another try may help, and the artifact store is tried all the same."""
    backend["postgres"]["port"] = ports.free(1)[0]
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"]) == (1, "DatabaseUnreachable"), result
    assert "waiting: " in result.log
    assert result.artifacts["ok"] is True


def test_an_unknown_host_is_retried(backend: dict[str, Any], tmp_path: Path) -> None:
    """A name that does not resolve may resolve later."""
    backend["postgres"]["host"] = "db.invalid"
    result = prepare(with_volume(backend, tmp_path), tmp_path)
    assert (result.code, result.database["reason"]) == (1, "DatabaseUnreachable"), result


def test_a_user_without_rights_is_told(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """PostgreSQL 15 and later let nobody but the owner create tables in the schema public."""
    name = f"u{uuid.uuid4().hex}"
    postgres.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'of-a-guest'", database)
    backend["postgres"]["credentialsSecretRef"] = {"name": "guest"}
    secrets = {"guest": {"username": name, "password": "of-a-guest"}}
    result = prepare(with_volume(backend, tmp_path), tmp_path, secrets=secrets)
    assert (result.code, result.database["reason"]) == (3, "PermissionDenied"), result


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("postgres:secret-word@host", "InvalidUri"),
        ("postgresql+psycopg2://u:secret-word@host:port/db", "InvalidUri"),
        ("postgres://u:secret-word@host/db", "DriverMissing"),
        ("postgresql://u:secret-word@host/db", "DriverMissing"),
        ("mysql+pymysql://u:secret-word@host/db", "DriverMissing"),
    ],
)
def test_a_uri_that_cannot_work_is_terminal_and_not_repeated(uri: str, reason: str, tmp_path: Path) -> None:
    """What is wrong is named without the URI."""
    spec = with_volume({"uriSecretRef": {"name": "uri", "key": "uri"}}, tmp_path)
    result = prepare(spec, tmp_path, secrets={"uri": {"uri": uri}})
    assert (result.code, result.database["reason"]) == (3, reason), result
    assert "secret-word" not in result.document + result.log


def test_a_uri_in_a_secret_works(postgres: Postgres, database: str, tmp_path: Path) -> None:
    """The URI may hold the credentials; they stay in the environment."""
    spec = with_volume({"uriSecretRef": {"name": "uri", "key": "uri"}}, tmp_path)
    result = prepare(spec, tmp_path, secrets={"uri": {"uri": postgres.uri(database)}})
    assert (result.code, result.database["reason"]) == (0, "Migrated"), result


def test_sqlite_is_made_on_its_volume(tmp_path: Path) -> None:
    """The file is created with its tables; a folder that is not there is explained."""
    spec = with_volume({"sqlite": {}}, tmp_path)
    for folder, code, reason in ((tmp_path, 0, "Migrated"), (tmp_path / "absent", 3, "VolumeNotWritable")):
        uri = {"name": "MLFLOW_BACKEND_STORE_URI", "value": f"sqlite:///{folder}/mlflow.db"}
        result = prepare(spec | {"env": [*volume(tmp_path), uri]}, tmp_path)
        assert (result.code, result.database["reason"]) == (code, reason), result


def test_a_volume_that_cannot_be_written_is_terminal(backend: dict[str, Any], tmp_path: Path) -> None:
    """The artifacts' folder is named, with the system's reason."""
    result = prepare(with_volume(backend, Path("/proc/self")), tmp_path)
    assert (result.code, result.database["ok"], result.artifacts["reason"]) == (3, True, "VolumeNotWritable"), result


def test_a_bucket_is_tried_and_left_clean(backend: dict[str, Any], minio: Minio, tmp_path: Path) -> None:
    """An object is written, read and deleted; none stays, beside what preparations that were killed have left."""
    before = minio.objects("mlflow")
    result = prepare(with_bucket(backend, minio, "mlflow"), tmp_path)
    assert (result.code, result.artifacts["ok"], result.artifacts["reason"]) == (0, True, "Writable"), result
    assert sorted(minio.objects("mlflow")) == sorted(before)


def test_a_missing_bucket_is_terminal_unless_it_may_be_created(
    backend: dict[str, Any], minio: Minio, tmp_path: Path
) -> None:
    """Without createBucket it is missing, with it is created, and then it is found."""
    bucket = f"b{uuid.uuid4().hex[:20]}"
    missing = prepare(with_bucket(backend, minio, bucket), tmp_path)
    assert (missing.code, missing.artifacts["reason"]) == (3, "BucketMissing"), missing
    assert missing.database["ok"] is True
    created = prepare(with_bucket(backend, minio, bucket, createBucket=True), tmp_path)
    assert (created.code, created.artifacts["reason"]) == (0, "Created"), created
    found = prepare(with_bucket(backend, minio, bucket, createBucket=True), tmp_path)
    assert (found.code, found.artifacts["reason"]) == (0, "Writable"), found


@pytest.mark.parametrize("create", [False, True])
def test_a_name_that_no_bucket_can_have_is_terminal(
    backend: dict[str, Any], minio: Minio, tmp_path: Path, create: bool
) -> None:
    """The rule for names is in the message."""
    result = prepare(with_bucket(backend, minio, "No_Bucket", createBucket=create), tmp_path)
    assert (result.code, result.artifacts["reason"]) == (3, "BucketNameInvalid"), result


@pytest.mark.parametrize("keys", ["foreign-keys", "wrong-keys"])
def test_refused_keys_are_terminal(backend: dict[str, Any], minio: Minio, tmp_path: Path, keys: str) -> None:
    """An unknown key and a wrong secret are told in the store's words."""
    result = prepare(with_bucket(backend, minio, "mlflow", credentialsSecretRef={"name": keys}), tmp_path)
    assert (result.code, result.artifacts["reason"]) == (3, "StoreRefused"), result


def test_an_unreachable_store_is_retried(backend: dict[str, Any], minio: Minio, tmp_path: Path) -> None:
    """Nobody listens there: another try may help; the database is ready nevertheless."""
    endpoint = f"http://127.0.0.1:{ports.free(1)[0]}"
    result = prepare(with_bucket(backend, minio, "mlflow", endpoint=endpoint), tmp_path)
    assert (result.code, result.artifacts["reason"], result.database["ok"]) == (1, "StoreUnreachable", True), result


READ_LOCKED = """
import sys, psycopg2
connection = psycopg2.connect(sys.argv[1].replace("+psycopg2", ""))
connection.cursor().execute("SELECT 1 FROM experiments")
print("locked", flush=True)
sys.stdin.read()
"""


def test_readers_do_not_queue_behind_a_migration_that_waits(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """Somebody's transaction stays open: a plain read waits for seconds at most, and the reason names the lock."""
    subprocess.run([python(), "-c", OLDER, postgres.uri(database), "20", "0"], check=True, capture_output=True)
    command = [str(python()), "-c", READ_LOCKED, postgres.uri(database)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as somebody,
        ThreadPoolExecutor() as threads,
    ):
        assert somebody.stdout
        assert somebody.stdout.readline() == "locked\n"
        waiting = threads.submit(prepare, with_volume(backend, tmp_path), tmp_path)
        reads = [0.0]
        while not waiting.done():
            begun = time.monotonic()
            postgres.sql("SELECT count(*) FROM experiments", database)
            reads.append(time.monotonic() - begun)
        somebody.communicate("")
    result = waiting.result()
    assert (result.code, result.database["reason"], result.database["phase"]) == (1, "DatabaseLocked", "migrate")
    assert 2 < max(reads) < 8, "the reads met the migration, and were let through"
    assert prepare(with_volume(backend, tmp_path), tmp_path).database["reason"] == "Migrated"


def test_several_preparations_at_once_all_succeed(backend: dict[str, Any], postgres: Postgres, tmp_path: Path) -> None:
    """MLflow takes no lock; whoever comes second waits, or fails on what the first has made and finds the work done."""
    spec = with_volume(backend, tmp_path)
    with ThreadPoolExecutor() as threads:
        results = list(threads.map(lambda _: prepare(spec, tmp_path, patience=30), range(3)))
    assert [(r.code, r.database["reason"] in ("Migrated", "UpToDate")) for r in results] == [(0, True)] * 3, results


def test_a_server_that_goes_on_writing_loses_nothing_while_sqlite_is_migrated(tmp_path: Path) -> None:
    """The running server has the file open: what it writes before, meanwhile and afterwards is there."""
    spec, file = with_sqlite(tmp_path), tmp_path / "mlflow.db"
    subprocess.run([python(), "-c", OLDER, f"sqlite:///{file}", "20", "100"], check=True, capture_output=True)
    written: list[tuple[str, str]] = []
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as server:
            while not over.is_set():
                tag = (f"tag {len(written)}", f"{0:032x}")
                server.execute("INSERT INTO tags (key, value, run_uuid) VALUES (?, 'v', ?)", tag)
                written.append(tag)
                time.sleep(0.002)

    with ThreadPoolExecutor() as threads:
        server = threads.submit(write)
        result = prepare(spec, tmp_path, patience=30)
        over.set()
        server.result()
    assert (result.code, result.database["reason"]) == (0, "Migrated"), result
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM tags").fetchone()[0] == len(written) + 100
