"""The program of the preparation Job: brings the database's schema up to date and tries the artifact store.

It runs in the server's image by ``python -c``, so it is one file, imports nothing of the operator, and works on
Python 3.10. Input is the server's environment; PREPARE_* are its own variables. Output is one JSON document at
PREPARE_RESULT, the termination message, with a part for the database and one for the artifacts: {"ok": true|false,
null for not tried, "terminal": only a user can help, "reason", "message"}. Exit code: 0, 3 for terminal, else 1.
"""

import json
import logging
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import mlflow
import sqlalchemy
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from mlflow.db import upgrade
from mlflow.store.db import utils
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # mlflow does not depend on it
    boto3 = None

TERMINAL, TRANSIENT = 3, 1
PAUSE_SECONDS, SECONDS_BETWEEN_LINES, CONNECT_SECONDS = 1, 10, 5
LONGEST_MESSAGE = 1200  # bytes; a termination message has 4096 in all
PROBE_KEY = ".mlflow-operator-probe"
SECRETS = ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
REFUSED_LOGIN = (
    r"authentication failed|no pg_hba\.conf entry|role .* does not exist|not permitted to log in"
    r"|permission denied for database|no password supplied"
)

Report = dict[str, Any]
T = TypeVar("T")
log = logging.getLogger("prepare")


class Problem(Exception):
    """What stands in the way; another Job may do better."""

    terminal = False

    def __init__(self, reason: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.report = {"ok": False, "terminal": self.terminal, "reason": reason, "message": message, **facts}


class Hopeless(Problem):
    """Only a user can help."""

    terminal = True


class Unreachable(Problem):
    """The other side is not there yet, or no longer; it is worth waiting a little."""


def main() -> int:
    """Prepare both stores, whatever happens to the other, and report."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TRANSIENT))  # process 1 would ignore it
    deadline = time.monotonic() + float(os.environ.get("PREPARE_PATIENCE", "180"))
    database, first = attempted(lambda: prepare_database(os.environ["MLFLOW_BACKEND_STORE_URI"], deadline))
    artifacts, second = attempted(lambda: prepare_artifacts(deadline))
    document = json.dumps({"database": database, "artifacts": artifacts}, ensure_ascii=False)
    Path(os.environ.get("PREPARE_RESULT", "/dev/termination-log")).write_text(document, encoding="utf-8")
    return TERMINAL if TERMINAL in (first, second) else max(first, second)


def attempted(part: Callable[[], Report]) -> tuple[Report, int]:
    """The report of a part, and its exit code."""
    try:
        report, code = part(), 0
    except Problem as problem:
        report, code = problem.report, TERMINAL if problem.terminal else TRANSIENT
    except Exception as error:  # what nobody foresaw may hold anything, so only its kind is told
        log.error("%s", without_secrets(traceback.format_exc()))
        unforeseen = Problem("InternalError", f"unexpected {type(error).__name__}; the preparation's log has more")
        report, code = unforeseen.report, TRANSIENT
    report["message"] = report["message"].encode()[:LONGEST_MESSAGE].decode(errors="ignore")
    log.info("%(reason)s: %(message)s", report)
    return report, code


def patiently(attempt: Callable[[], T], deadline: float) -> T:
    """The result of the first attempt that reaches the other side, until the deadline."""
    said = 0.0
    while True:
        try:
            return attempt()
        except Unreachable as problem:
            now = time.monotonic()
            if now >= deadline:
                raise
            if now - said >= SECONDS_BETWEEN_LINES:
                log.info("waiting: %s", problem)
                said = now
        time.sleep(PAUSE_SECONDS)


def without_secrets(text: str) -> str:
    """Foreign text without what it should not hold."""
    text = re.sub(r"(://[^\s:/@]*):[^\s/]*@", r"\1:***@", text)
    for secret in {os.environ.get(name, "") for name in SECRETS} - {""}:
        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text


def prepare_database(uri: str, deadline: float) -> Report:
    """Log in, read the revision of the schema, and migrate if this MLflow has newer ones."""
    engine = engine_for(uri)
    was = patiently(lambda: asked(engine, lambda: revisions(engine)), deadline)
    known, newest, version = migrations()
    if unknown := sorted(set(was) - known):
        message = (
            f"the schema is at revision {', '.join(unknown)}, which MLflow {version} does not know (its newest is "
            f"{newest}), so a later release migrated it; set spec.version to that release, or restore a backup"
        )
        raise Hopeless("DatabaseNewer", message, was=unknown[0], revision=unknown[0])
    if was != (newest,):
        log.info("migrating the schema from %s to %s", was[0] if was else "nothing", newest)
        asked(engine, lambda: migrate(engine, uri))
    now = asked(engine, lambda: revisions(engine))
    if now != (newest,):
        raise Problem("MigrationFailed", f"the schema is at {now} and not at {newest}")
    reason = "UpToDate" if was == now else "Migrated"
    message = f"logged in to {place(engine)}; the schema is at revision {newest}, the newest of MLflow {version}"
    return {"ok": True, "reason": reason, "message": message, "was": was[0] if was else None, "revision": newest}


def engine_for(uri: str) -> Any:
    """An engine without a pool; nothing is connected yet."""
    try:
        url = sqlalchemy.make_url(uri)
    except (ArgumentError, ValueError):  # the text of either may hold the URI
        message = "the backend store's URI cannot be read; write dialect+driver://user:password@host/database"
        raise Hopeless("InvalidUri", message) from None
    timeout = {} if url.get_backend_name() in ("sqlite", "mssql") else {"connect_timeout": CONNECT_SECONDS}
    try:
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, connect_args=timeout)
    except (NoSuchModuleError, ImportError) as error:
        missing = getattr(error, "name", None) or url.drivername
        message = f"the image has no driver {missing} for {url.drivername}; use an image that has it"
        raise Hopeless("DriverMissing", message) from None


def asked(engine: Any, question: Callable[[], T]) -> T:
    """The answer of the database, or the Problem that its refusal means."""
    try:
        return question()
    except DBAPIError as error:
        raise database_problem(engine, error) from None


def database_problem(engine: Any, error: Any) -> Problem:
    """What an error of the database means for the user.

    A refused connection carries no SQLSTATE in psycopg2, so PostgreSQL's English text has to do; MySQL numbers it.
    """
    text = " ".join(without_secrets(str(error.orig)).split())
    detail = text.rpartition("FATAL: ")[2].strip()
    number = error.orig.args[0] if error.orig.args else None
    if number == 1045 or re.search(REFUSED_LOGIN, text):
        return Hopeless("LoginRefused", f"{place(engine)} refused the login: {detail}; correct user and password")
    if number == 1049 or re.search(r"FATAL: +database .* does not exist", text):
        return Hopeless("DatabaseMissing", f"{place(engine)} is not there: {detail}; create it, or name another one")
    if getattr(error.orig, "pgcode", None) == "42501" or number == 1142:
        return Hopeless("PermissionDenied", f"{place(engine)}: {detail}; grant the user CREATE on the schema")
    if "unable to open database file" in text or "readonly database" in text:
        return Hopeless("VolumeNotWritable", f"{place(engine)} cannot be written: {detail}; check its volume")
    if type(error).__name__ in ("OperationalError", "InterfaceError"):
        return Unreachable("DatabaseUnreachable", f"{place(engine)} does not answer: {detail}; check host and port")
    return Problem("MigrationFailed", f"{place(engine)}: {detail}; see the preparation's log")


def place(engine: Any) -> str:
    """The database without credentials."""
    url = engine.url
    name = f"database {url.database or url.query.get('dbname', '')}"
    return f"{name} at {url.host}:{url.port or 'its default port'}" if url.host else name


def revisions(engine: Any) -> tuple[str, ...]:
    """The revision of the schema; nothing where there is no schema."""
    with engine.connect() as connection:
        return tuple(MigrationContext.configure(connection).get_current_heads())


def migrations() -> tuple[set[str], str, str]:
    """All revisions that this MLflow knows, the newest of them, and its release."""
    scripts = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    known = {script.revision for script in scripts.walk_revisions()}
    return known, str(scripts.get_current_head()), mlflow.__version__


def migrate(engine: Any, uri: str) -> None:
    """Run MLflow's own `db upgrade`, in this process so that no secret is in an argument list."""
    tables = sqlalchemy.inspect(engine).get_table_names()
    if tables and "experiments" not in tables:
        # Somebody else's tables: the command takes them for an old MLflow's, while the server starts in this way.
        utils._initialize_tables(engine)
    else:
        upgrade.main([uri], standalone_mode=False)


def prepare_artifacts(deadline: float) -> Report:
    """Write, read and delete something where artifacts go."""
    destination = os.environ.get("MLFLOW_ARTIFACTS_DESTINATION", "")
    if destination.startswith("s3://"):
        return patiently(lambda: try_bucket(*destination[5:].strip("/").partition("/")[::2]), deadline)
    if destination.startswith("/"):
        return try_folder(Path(destination))
    return {"ok": None, "reason": "NotTried", "message": "the artifact store cannot be tried from outside the server"}


def try_folder(folder: Path) -> Report:
    """Write, read and delete a file."""
    probe = folder / PROBE_KEY
    try:
        probe.write_text("probe")
        probe.read_text()
        probe.unlink()
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}; the volume must let a group write"
        raise Hopeless("VolumeNotWritable", message) from None
    return {"ok": True, "reason": "Writable", "message": "wrote, read and deleted a file on the artifact volume"}


def try_bucket(bucket: str, prefix: str) -> Report:
    """Find or make the bucket; write, read and delete an object."""
    if boto3 is None:
        raise Hopeless("DriverMissing", "the image has no boto3, which S3 needs; use an image that has it")
    where = {"Bucket": bucket, "Key": f"{prefix}/{PROBE_KEY}".lstrip("/")}
    try:
        client = s3_client()
        made = found_or_made(client, bucket)
        client.put_object(**where, Body=b"probe")
        client.get_object(**where)["Body"].read()
        client.delete_object(**where)
    except (BotoCoreError, ClientError) as error:
        raise bucket_problem(bucket, error) from None
    message = f"{'created bucket' if made else 'found bucket'} {bucket}; wrote, read and deleted an object"
    return {"ok": True, "reason": "Created" if made else "Writable", "message": message}


def s3_client() -> Any:
    """A client that gives up soon, addressed as MLflow addresses the store."""
    patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": 15, "retries": {"total_max_attempts": 2}}
    style = os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "auto")
    config = Config(signature_version="s3v4", s3={"addressing_style": style}, **patience)
    return boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL"), config=config)


def found_or_made(client: Any, bucket: str) -> bool:
    """Whether the bucket had to be made. HEAD answers without words, so a refusal is left for the write to explain."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404 and os.environ.get("PREPARE_CREATE_BUCKET") == "true":
            region = client.meta.region_name  # the oldest region is the one that must not be named
            named = {} if region in (None, "us-east-1", "aws-global") else {"LocationConstraint": region}
            client.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": named} if named else {}))
            return True
    return False


def bucket_problem(bucket: str, error: Any) -> Problem:
    """What an error of the store means for the user."""
    response = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code", type(error).__name__)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    detail = " ".join(without_secrets(str(error)).split())
    if code in ("NoSuchBucket", "404"):
        return Hopeless("BucketMissing", f"there is no bucket {bucket}; create it, or set s3.createBucket: true")
    if code in ("InvalidBucketName", "ParamValidationError"):
        return Hopeless("BucketNameInvalid", f"{bucket} is no name of a bucket; use 3 to 63 of a-z, 0-9, dot, hyphen")
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
        return Hopeless("RegionWrong", f"bucket {bucket}: {detail}; set artifactStore.s3.region to the bucket's")
    if status >= 500 or status == 429 or (not response and code not in ("NoCredentialsError", "NoRegionError")):
        return Unreachable("StoreUnreachable", f"the store of bucket {bucket} does not answer: {detail}")
    return Hopeless("StoreRefused", f"no access to bucket {bucket}: {detail}; correct the access key, or its rights")


if __name__ == "__main__":
    sys.exit(main())
