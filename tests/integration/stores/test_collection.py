"""What users have deleted is removed for good, by the program of the CronJob, from the real stores of a real MLflow."""

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.mlflow_server import MlflowServer
from cluster.services.postgres import Postgres
from integration.stores.kubelet import environment
from integration.stores.test_backup import client
from integration.stores.test_prepare import IMAGES, SECRETS, python, with_bucket, with_sqlite
from integration.stores.test_prepare_stores import NO_DELETION, boto
from mlflow_operator import desired
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names

pytestmark = pytest.mark.integration

MINUTE = "1m"

# Eleven experiments, so that 1 is how 10 and 11 begin; what is deleted of it, and what is not.
FILL = """
import json, mlflow, sys
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiments = [client.create_experiment(f"experiment {number}") for number in range(1, 12)]
def run(experiment):
    made = client.create_run(experiment).info
    client.log_metric(made.run_id, "auc", 0.9)
    client.log_text(made.run_id, "x" * 1000, "model/MLmodel")
    return made
def model(experiment):
    made = client.create_logged_model(experiment, name="fraud")
    client.finalize_logged_model(made.model_id, "READY")
    return made.model_id
first, tenth = experiments[0], experiments[9]
client.create_registered_model("fraud")
left, gone, needed, unnamed, past = run(tenth), run(tenth), run(tenth), run(tenth), run(tenth)
client.create_model_version("fraud", f"runs:/{needed.run_id}/model", needed.run_id)
if sys.argv[2]:  # in the bucket itself, of no run
    client.create_model_version("fraud", f"{sys.argv[2]}/{tenth}/{unnamed.run_id}/artifacts/model")
else:
    client.create_model_version("fraud", f"runs:/{unnamed.run_id}/model", unnamed.run_id)
client.create_model_version("fraud", f"runs:/{past.run_id}/model", past.run_id)
client.delete_model_version("fraud", "3")
model_gone, model_needed = model(tenth), model(tenth)
client.create_model_version("fraud", f"models:/{model_needed}", model_id=model_needed)
of_first, below_first, held = run(first), model(first), run(experiments[1])
client.create_model_version("fraud", f"runs:/{held.run_id}/model", held.run_id)
for each in (gone, needed, unnamed, past):
    client.delete_run(each.run_id)
for each in (model_gone, model_needed):
    client.delete_logged_model(each)
for each in experiments[:2]:
    client.delete_experiment(each)
print(json.dumps({
    "gone": [gone.run_id, past.run_id, of_first.run_id], "models gone": [model_gone, below_first],
    "kept": [left.run_id, needed.run_id, unnamed.run_id, held.run_id], "models kept": [model_needed],
    "experiment gone": first, "experiment kept": experiments[1],
}))
"""
LEFT = """
import json, mlflow, sys
from mlflow import MlflowClient
from mlflow.entities import ViewType
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
found = client.search_experiments(view_type=ViewType.ALL)
runs = client.search_runs([e.experiment_id for e in found], run_view_type=ViewType.ALL)
print(json.dumps([
    sorted(e.experiment_id for e in found), sorted(r.info.run_id for r in runs),
    sorted(v.version for v in client.search_model_versions()),
]))
"""
READ = """
import mlflow, sys
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
client.restore_run(sys.argv[2])
assert len(open(client.download_artifacts(sys.argv[2], "model/MLmodel")).read()) == 1000
"""


RESTORE = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
mlflow.MlflowClient().restore_experiment(sys.argv[2])
"""
MODELS = """
import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
print([model.model_id for model in mlflow.MlflowClient().search_logged_models([sys.argv[2]])])
"""


class Place(NamedTuple):
    """A server with its stores, as a spec describes them, and what is in its artifact store."""

    server: MlflowServer
    spec: dict[str, Any]
    files: Callable[[], list[str]]
    bucket: str = ""
    """Where clients of the bucket itself find the artifacts."""


@pytest.fixture(params=["PostgreSQL and a bucket", "SQLite and a volume"])
def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres, minio: Minio) -> Iterator[Place]:
    """A running MLflow on new stores."""
    if "bucket" in request.param:
        name = f"gc-{uuid.uuid4().hex[:8]}"
        postgres.create_database(name)
        minio.create_bucket(name)
        where = {"host": "127.0.0.1", "port": postgres.port, "database": name, "sslMode": "prefer"}
        backend = {"postgres": where | {"credentialsSecretRef": {"name": "login"}}}
        spec = with_bucket(backend, minio, name)
        uri, artifacts, env = postgres.uri(name), f"s3://{name}/a/b", minio.client_env

        def files() -> list[str]:
            return [path.removeprefix("a/b/") for path in minio.objects(name)]
    else:
        spec, env = with_sqlite(tmp_path), {}
        uri, artifacts = f"sqlite:///{tmp_path}/mlflow.db", str(tmp_path / "artifacts")

        def files() -> list[str]:
            below = tmp_path / "artifacts"
            return [str(path.relative_to(below)) for path in below.rglob("*") if path.is_file()]

    server = MlflowServer(tmp_path / "server", uri, artifacts, extra_env=env)
    server.start()
    yield Place(server, spec, files, artifacts if "bucket" in request.param else "")
    server.stop()


def collector(spec: dict[str, Any], folder: Path, secrets: dict[str, dict[str, str]], **fields: Any) -> dict[str, Any]:
    """The words and the environment of the CronJob's container, of a server with that spec."""
    collection = {"schedule": "0 4 * * *", "olderThan": MINUTE, **fields}
    metadata = {"name": "ml", "namespace": "team", "uid": "1"}
    server = MLflowServer.parse({"metadata": metadata, "spec": spec | {"garbageCollection": collection}})
    digests = {reference.key: "d" for reference in desired.references(server)}
    built = desired.build(server, desired.Inputs(IMAGES, digests=digests))
    (found,) = [o for o in built.objects if o["kind"] == "CronJob"]
    assert found["metadata"]["name"] == names.collection(server)
    job = found["spec"]["jobTemplate"]
    env = environment(job, secrets) | {"PATH": os.defpath, "HOME": str(folder)}
    env |= {"COLLECT_REPORT": str(folder / "report.json"), "COLLECT_PATIENCE": "2"}
    words = job["spec"]["template"]["spec"]["containers"][0]["command"][1:]
    return {"args": [str(python()), *words], "env": env, "cwd": folder}


def collect(
    place: Place, folder: Path, *, secrets: dict[str, dict[str, str]] | None = None, days: float = 1, **fields: Any
) -> tuple[int, dict[str, Any], str]:
    """Run it, as if it were ``days`` later: its code, its report and its log."""
    words = collector(place.spec, folder, SECRETS | (secrets or {}), **fields)
    # A minute is the least that users can write; so what they have deleted now is that old.
    words["env"]["COLLECT_OLDER_THAN_SECONDS"] = str(-days * 86_400)
    done = subprocess.run(**words, capture_output=True, text=True, check=False, timeout=120)
    assert SECRET_KEY not in done.stderr
    return done.returncode, json.loads((folder / "report.json").read_text()), done.stderr


def check(place: Place, filled: dict[str, Any]) -> None:
    """What should be left is, and nothing else; what versions are made of can be read."""
    experiments, runs, versions = json.loads(client(LEFT, place.server.url))
    assert filled["experiment gone"] not in experiments
    assert filled["experiment kept"] in experiments
    assert len(experiments) == 11
    assert runs == sorted(filled["kept"])
    assert versions == ["1", "2", "4", "5"]
    files = place.files()
    assert len(files) == 4, files
    assert all(any(run in file for file in files) for run in filled["kept"])
    client(READ, place.server.url, filled["kept"][1])


def test_what_was_deleted_goes_and_what_versions_are_made_of_stays(place: Place, tmp_path: Path) -> None:
    """Counted first; then runs, logged models and the experiment with their artifacts; a second time finds nothing."""
    filled = json.loads(client(FILL, place.server.url, place.bucket))
    before = (client(LEFT, place.server.url), sorted(place.files()))
    _, young, _ = collect(place, tmp_path, days=-1)
    assert (young["runs"], young["experiments"], young["kept"]) == (0, 0, 0)
    code, counted, log = collect(place, tmp_path, dryRun=True)
    assert (code, counted["dryRun"], counted["runs"], counted["loggedModels"]) == (0, True, 3, 2), log
    assert (client(LEFT, place.server.url), sorted(place.files())) == before
    assert f"would remove run {filled['gone'][0]}" in log
    code, removed, log = collect(place, tmp_path)
    assert code == 0, log
    assert {key: removed[key] for key in ("runs", "loggedModels", "experiments", "kept", "bytes")} == {
        "runs": 3,
        "loggedModels": 2,
        "experiments": 1,
        "kept": 4,
        "bytes": 3000,
    }
    assert f"kept run {filled['kept'][1]}: a version of a registered model is made of it" in log
    check(place, filled)
    _, again, _ = collect(place, tmp_path)
    assert (again["runs"], again["loggedModels"], again["experiments"]) == (0, 0, 0)


def test_killed_at_any_moment_it_ends_the_next_time(place: Place, tmp_path: Path) -> None:
    """Artifacts go before their rows, so what is left to do is known."""
    filled = json.loads(client(FILL, place.server.url, place.bucket))
    words = collector(place.spec, tmp_path, SECRETS)
    words["env"]["COLLECT_OLDER_THAN_SECONDS"] = "-86400"
    for number in (0, 2, 4):
        with subprocess.Popen(**words, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            lines = 0
            while (line := process.stderr.readline()) and lines <= number:
                lines += line.startswith("removed")
            process.kill()
            process.stderr.read()
    code, _, log = collect(place, tmp_path)
    assert code == 0, log
    check(place, filled)


def test_what_is_restored_while_it_goes_on_stays(place: Place, tmp_path: Path) -> None:
    """A collection may take hours, and looks again before it removes anything."""
    filled = json.loads(client(FILL, place.server.url, place.bucket))
    words = collector(place.spec, tmp_path, SECRETS)
    words["env"]["COLLECT_OLDER_THAN_SECONDS"] = "-86400"
    with subprocess.Popen(**words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not (line := process.stderr.readline()).startswith("removed"):
            assert line, "it ended before it had removed anything"
        process.send_signal(signal.SIGSTOP)
        client(RESTORE, place.server.url, filled["experiment gone"])
        process.send_signal(signal.SIGCONT)
        process.stderr.read()
    assert process.returncode == 0
    experiments, _, _ = json.loads(client(LEFT, place.server.url))
    assert filled["experiment gone"] in experiments
    assert filled["models gone"][1] in client(MODELS, place.server.url, filled["experiment gone"])


def test_a_store_that_keeps_what_is_deleted_keeps_the_rows_too(
    tmp_path: Path, postgres: Postgres, minio: Minio
) -> None:
    """MLflow does not look whether S3 has deleted what it was told to, and a run without its row is not found again."""
    name = f"gc-{uuid.uuid4().hex[:8]}"
    minio.create_bucket(name)
    spec = with_bucket({"sqlite": {}}, minio, name) | {"env": with_sqlite(tmp_path)["env"][1:]}
    server = MlflowServer(
        tmp_path / "server", f"sqlite:///{tmp_path}/mlflow.db", f"s3://{name}/a/b", extra_env=minio.client_env
    )
    server.start()
    try:
        client(FILL, server.url, "")
        before = client(LEFT, server.url)
        role = f"RoleArn='arn:aws:iam::1:role/any', RoleSessionName='team', Policy={json.dumps(NO_DELETION)!r}"
        key = boto(minio, f"print(json.dumps(sts.assume_role({role})['Credentials'], default=str))")
        spec["env"] = [*spec["env"], {"name": "AWS_SESSION_TOKEN", "value": key["SessionToken"]}]
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        place = Place(server, spec, lambda: minio.objects(name))
        code, report, log = collect(place, tmp_path, secrets={"keys": keys})
        assert (code, report["reason"]) == (3, "ArtifactsNotDeleted"), log
        assert client(LEFT, server.url) == before
    finally:
        server.stop()


def test_a_database_of_another_release_is_left_alone(tmp_path: Path) -> None:
    """MLflow's own store would migrate it, while the server of before runs on it."""
    spec = with_sqlite(tmp_path)
    began = time.monotonic()
    code, report, _ = collect(Place(None, spec, list), tmp_path)  # type: ignore[arg-type]
    assert (code, report["reason"]) == (1, "SchemaDiffers")
    assert time.monotonic() - began < 60
    assert ACCESS_KEY not in json.dumps(report)
