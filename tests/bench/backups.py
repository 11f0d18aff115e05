"""What backups take: of so many runs and gigabytes, again when little has changed, read through, and restored."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bench.report import Row
from bench.stage import Stage
from cluster.host.errors import ClusterError
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.mlflow_server import MlflowServer
from cluster.services.postgres import PASSWORD, binaries

MIB = 2**20
_METRICS, _PARAMS = 20, 10
"""Of each run."""
_RUNS = """
INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, experiment_id, artifact_uri)
SELECT md5(n::text), 'run ' || n, 'FINISHED', n, 'active', 0, 'mlflow-artifacts:/0/' || md5(n::text) || '/artifacts'
FROM generate_series(1, {runs}) n;
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
SELECT 'metric ' || m, random(), n, md5(n::text), m, false
FROM generate_series(1, {runs}) n, generate_series(1, {metrics}) m;
INSERT INTO params (key, value, run_uuid)
SELECT 'param ' || p, random()::text, md5(n::text) FROM generate_series(1, {runs}) n, generate_series(1, {params}) p;
"""


def all_of(stage: Stage, runs: int, gigabytes: int) -> list[Row]:
    """Back up a server of PostgreSQL and MinIO into another bucket of the same, and restore it.

    The artifacts are of two kinds, half of the bytes each: one small file for each run, and models of 256 MiB; floats
    with as much chance in them as those of a model have.
    """
    minio = Minio(stage.folder / "backup-minio")
    minio.start()
    try:
        return _measured(stage, minio, runs, gigabytes)
    finally:
        minio.stop()


def _measured(stage: Stage, minio: Minio, runs: int, gigabytes: int) -> list[Row]:
    for bucket in ("copied", "restored", "backups"):
        minio.create_bucket(bucket)
    environ = _environ(stage, minio)
    _fill(stage, runs)
    _artifacts(stage.folder / "backup-artifacts", runs, gigabytes * 1024 * MIB)
    _program(environ, "make", database="backed-up", artifacts=str(stage.folder / "backup-artifacts"), place="seed")
    _program(environ, "restore", database="seeded", artifacts="s3://copied", place="seed")  # so it is in a bucket too
    for seed in (stage.folder / "backup-artifacts", minio.folder / "minio-data" / "backups" / "seed"):
        shutil.rmtree(seed)  # gigabytes each
    found = {
        f"the first backup: {runs} runs, {gigabytes} GiB": _program(environ, "make"),
        "the next, when nothing has changed": _program(environ, "make"),
        "verify, which reads all of it": _program(environ, "verify"),
        "restore into an empty database and bucket": _program(
            environ, "restore", database="again", artifacts="s3://restored"
        ),
    }
    stored = sum(
        file.stat().st_size
        for file in (minio.folder / "minio-data" / "backups" / "server").rglob("*")
        if file.is_file()
    )
    size = Row("what it takes in the bucket of backups", f"{stored / 2**30:.2f} GiB", f"{gigabytes} GiB of floats")
    return [*(Row(what, f"{took:.0f} s, {memory} MB of memory") for what, (took, memory) in found.items()), size]


def _fill(stage: Stage, runs: int) -> None:
    """A database with MLflow's tables, and rows in three of them."""
    for name in ("backed-up", "seeded", "again"):
        stage.postgres.create_database(name)
    server = MlflowServer(stage.folder / "backed-up", stage.postgres.uri("backed-up"), "mlruns", name="backed-up")
    server.start()
    server.stop()
    stage.postgres.sql(_RUNS.format(runs=runs, metrics=_METRICS, params=_PARAMS), "backed-up")


def _artifacts(folder: Path, runs: int, size: int) -> None:
    chance = np.random.default_rng(7)
    small = size // 2 // runs
    for number in range(runs):
        _write(folder / "0" / str(number) / "model.npy", chance, small)
    for number in range(size // 2 // (256 * MIB)):
        _write(folder / "large" / str(number) / "weights.npy", chance, 256 * MIB)


def _write(file: Path, chance: np.random.Generator, size: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(chance.standard_normal(max(size // 4, 1), dtype=np.float32).tobytes())


def _environ(stage: Stage, minio: Minio) -> dict[str, str]:
    port = urlsplit(stage.postgres.uri()).port
    bucket = {
        "ENDPOINT": minio.url,
        "REGION": "us-east-1",
        "ACCESS_KEY_ID": ACCESS_KEY,
        "SECRET_ACCESS_KEY": SECRET_KEY,
    }
    both = {f"BACKUP_{where}_{key}": value for where in ("PLACE", "ARTIFACTS") for key, value in bucket.items()}
    path = f"{binaries()}:{os.environ['PATH']}"
    database = {"PGUSER": "mlflow", "PGPASSWORD": PASSWORD, "PGPORT": str(port), "PGHOST": "127.0.0.1"}
    return {**os.environ, **both, **database, "PATH": path, "BENCH_LOG": str(stage.folder / "backup.log")}


def _program(
    environ: dict[str, str],
    *words: str,
    database: str = "seeded",
    artifacts: str = "s3://copied",
    place: str = "server",
) -> tuple[float, int]:
    """Seconds that the program took, and megabytes that it had at most, without its tools."""
    begun = time.monotonic()
    addresses = {"BACKUP_DATABASE": f"postgresql:///{database}", "BACKUP_ARTIFACTS": artifacts}
    own = {**environ, **addresses, "BACKUP_PLACE": f"s3://backups/{place}"}
    argv = [sys.executable, "-m", "mlflow_operator", "backup", *words]
    log, most = Path(environ["BENCH_LOG"]), 0
    with log.open("w") as said:
        process = subprocess.Popen(argv, env=own, stdout=said, stderr=said)
        while process.poll() is None:  # what getrusage says of a child begins with what its parent had
            most = max(most, _peak(process.pid))
            time.sleep(0.05)
    took = time.monotonic() - begun
    if process.returncode:
        raise ClusterError(f"{' '.join(words)} failed: {log.read_text()[-500:]}")
    return took, most


def _peak(pid: int) -> int:
    """Megabytes that a process has had at most; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)
