"""Every release that the operator runs does what people run MLflow for, on either kind of stores."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cluster.host import rest
from cluster.services.minio import Minio
from cluster.services.postgres import Postgres
from integration.releases.installed import RELEASES
from integration.releases.running import GRACE_SECONDS, on_stores, on_volumes, prepare, ran, running
from mlflow_operator.desired import releases

pytestmark = pytest.mark.integration

# Logs, registers, promotes and loads as people do, on each server that it is given.
DAY = """
import json, sys, tempfile, pathlib
import mlflow, mlflow.sklearn
from sklearn.dummy import DummyRegressor
model, said = DummyRegressor(strategy="constant", constant=7).fit([[0]], [0]), []
for uri in sys.argv[1:]:
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        mlflow.log_params({"C": 1.0})
        mlflow.log_metrics({"accuracy": 0.85})
        mlflow.log_text("seen", "notes/note.txt")
        mlflow.sklearn.log_model(model, "model", pip_requirements=["scikit-learn"])
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", "scoring").version
    client.transition_model_version_stage("scoring", version, "Production", archive_existing_versions=True)
    client.set_registered_model_alias("scoring", "champion", version)
    loaded = [mlflow.pyfunc.load_model(f"models:/scoring{slot}") for slot in ("/Production", "@champion")]
    found = [each.predict([[1]])[0] for each in loaded]
    note = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/note.txt")
    metric = client.get_run(run.info.run_id).data.metrics["accuracy"]
    said.append([*map(float, found), note, metric, run.info.artifact_uri.split(":")[0]])
print(json.dumps(said))
"""

# How many requests the workers have counted, into the folder that it is given.
COUNTED = """
import json, sys
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry, sys.argv[1])
samples = [sample for family in registry.collect() for sample in family.samples]
print(json.dumps(sum(sample.value for sample in samples if sample.name == "mlflow_http_request_total")))
"""
LINK = "/api/2.0/mlflow-artifacts/mpu/create/file.txt"


@pytest.mark.parametrize("version", RELEASES)
def test_a_release_serves_from_nothing_and_ends_in_time(
    version: str, postgres: Postgres, minio: Minio, tmp_path: Path
) -> None:
    """From an empty database: a client of the same release logs, registers, promotes and loads; then all of it ends.

    Requests are counted where that is asked for, and nobody gets a link past the server.
    """
    name = f"release{version.replace('.', '')}"
    counted = {"name": "MLFLOW_EXPOSE_PROMETHEUS", "value": str(tmp_path / "counted")}
    on_file = on_volumes(version, tmp_path / "file", monitoring={})
    specs = [on_file | {"env": [*on_file["env"], counted]}, on_stores(version, postgres, minio, name)]
    folders = [tmp_path / "file", tmp_path / "stores"]
    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(prepare, specs, folders))
    for report in reports:
        assert (report["database"]["ok"], report["artifacts"]["ok"]) == (True, True), report
        assert report["database"]["revision"] == releases.schema_head(version)
    with running(*zip(specs, folders, strict=True)) as servers:
        said = ran(version, DAY, *(server.url for server in servers))
        assert said == [[7.0, 7.0, "seen", 0.85, "mlflow-artifacts"]] * 2
        assert any("/notes/note.txt" in key for key in minio.objects("mlflow") if key.startswith(name))
        assert ran(version, COUNTED, counted["value"]) > 0
        assert rest.send("POST", f"{servers[1].url}{LINK}", '{"path": "file.txt", "num_parts": 1}')[0] == 501
        with ThreadPoolExecutor() as pool:
            took = list(pool.map(lambda server: server.end(), servers))
        assert max(took) < GRACE_SECONDS / 2
