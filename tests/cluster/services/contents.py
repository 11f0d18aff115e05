"""Programs of MLflow's own client: one fills a server with some of everything, the other reads all that it has."""

WORK = """
import os, random, sys, tempfile, mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
chance = random.Random(7)
mlflow.set_experiment("fraud")
for number in range(int(sys.argv[2])):
    with mlflow.start_run(run_name=f"run {number}") as run:
        mlflow.log_params({"depth": number, "text": "naïve 😀"})
        mlflow.log_metrics({"auc": number / 10, "loss": float("nan")})
        with tempfile.TemporaryDirectory() as folder:
            for name in ("model.bin", "sub folder/ü.txt", "empty"):
                file = os.path.join(folder, name)
                os.makedirs(os.path.dirname(file), exist_ok=True)
                open(file, "wb").write(b"" if name == "empty" else chance.randbytes(300_000))
            mlflow.log_artifacts(folder)
        client.create_registered_model("fraud") if not number else None
        version = client.create_model_version("fraud", f"runs:/{run.info.run_id}", run.info.run_id)
client.set_registered_model_alias("fraud", "champion", "1")
client.transition_model_version_stage("fraud", "2", "Production")
client.set_model_version_tag("fraud", "2", "by", "somebody")
"""
"""Arguments: the server's URL, and how many runs; the bytes of artifacts are the same each time."""

READ = """
import hashlib, json, os, sys, tempfile, mlflow
from mlflow import MlflowClient
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
experiments = [e for e in client.search_experiments() if e.name != "Default"]
runs = [r for e in experiments for r in client.search_runs([e.experiment_id])]
def files(run):
    with tempfile.TemporaryDirectory() as folder:
        client.download_artifacts(run.info.run_id, "", folder)
        for root, _, names in os.walk(folder):
            for name in names:
                file = os.path.join(root, name)
                yield os.path.relpath(file, folder), hashlib.sha256(open(file, "rb").read()).hexdigest()
def told(run):
    return [run.info.run_name, run.data.params, repr(run.data.metrics), run.data.tags, sorted(files(run))]
versions = client.search_model_versions()
print(json.dumps({
    "experiments": [dict(e) for e in experiments],
    "runs": {run.info.run_id: told(run) for run in runs},
    "models": {m.name: sorted(m.aliases.items()) for m in client.search_registered_models()},
    "versions": sorted([v.version, v.current_stage, v.source, sorted(v.tags.items())] for v in versions),
}, sort_keys=True, default=str))
"""
"""Argument: the server's URL. Prints one JSON document, the same for the same contents."""
