"""An MLflow registry as some other client sees it: a plain HTTP client that shares no code with the operator."""

import json
import math
import time
from typing import Any
from urllib.parse import quote, urlencode

from cluster.host import rest
from cluster.host.errors import ClusterError


class Registry:
    """The registry at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_model(self, name: str, versions: int = 0) -> str:
        """Register a model with so many versions; they have no files."""
        self._post("registered-models/create", {"name": name})
        for _ in range(versions):
            self.add_version(name)
        return name

    def add_version(self, name: str) -> str:
        """Register one more version; the number that it got."""
        answer = self._post("model-versions/create", {"name": name, "source": f"s3://elsewhere/{quote(name)}"})
        return str(answer["model_version"]["version"])

    def run(self, **metrics: float) -> str:
        """Log metrics in a run of its own; its id."""
        run_id = str(self._post("runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]["run_id"])
        for key, value in metrics.items():
            self.log(run_id, key, value)
        return run_id

    def logged_model(self, run_id: str, name: str = "model") -> str:
        """Make a logged model of a run; its id."""
        body = {"experiment_id": "0", "name": name, "source_run_id": run_id}
        model_id = str(self._post("logged-models", body)["model"]["info"]["model_id"])
        self._call("PATCH", f"logged-models/{model_id}", {"model_id": model_id, "status": "LOGGED_MODEL_READY"})
        return model_id

    def log(self, run_id: str, key: str, value: float, *, model_id: str = "", dataset: str = "") -> None:
        """Log a metric, of a logged model and for a dataset where they are named; NaN is written as MLflow does."""
        said: float | str = "NaN" if math.isnan(value) else value
        body: dict[str, Any] = {"run_id": run_id, "key": key, "value": said, "timestamp": int(time.time() * 1000)}
        body |= {"model_id": model_id} if model_id else {}
        body |= {"dataset_name": dataset, "dataset_digest": "1"} if dataset else {}
        self._post("runs/log-metric", body)

    def add_measured_version(self, name: str, run_id: str, model_id: str = "") -> str:
        """Register a version that a run has made, as a logged model where one is named; the number that it got."""
        body = {"name": name, "source": f"models:/{model_id}" if model_id else f"s3://elsewhere/{run_id}"}
        body |= {"run_id": run_id} | ({"model_id": model_id} if model_id else {})
        answer = self._post("model-versions/create", body)
        return str(answer["model_version"]["version"])

    def move(self, name: str, version: str, stage: str, *, archive: bool = True) -> None:
        """Move a version to a stage, as somebody would in the UI."""
        body = {"name": name, "version": version, "stage": stage, "archive_existing_versions": archive}
        self._post("model-versions/transition-stage", body)

    def alias(self, name: str, alias: str, version: str) -> None:
        """Point an alias to a version."""
        self._post("registered-models/alias", {"name": name, "alias": alias, "version": version})

    def tag(self, name: str, version: str, key: str, value: str) -> None:
        """Set a tag of a version."""
        self._post("model-versions/set-tag", {"name": name, "version": version, "key": key, "value": value})

    def delete_version(self, name: str, version: str) -> None:
        """Delete a version."""
        self._call("DELETE", "model-versions/delete", {"name": name, "version": version})

    def versions(self, name: str) -> dict[str, dict[str, Any]]:
        """All versions, by number."""
        query = urlencode({"filter": f"name='{name}'", "max_results": 1000})
        answer = self._call("GET", f"model-versions/search?{query}")
        return {v["version"]: v for v in answer.get("model_versions", [])}

    def holders(self, name: str, stage: str) -> list[str]:
        """The versions in a stage, oldest first."""
        return sorted((v for v, m in self.versions(name).items() if m["current_stage"] == stage), key=int)

    def tags(self, name: str, version: str) -> dict[str, str]:
        """The tags of a version."""
        return {t["key"]: t["value"] for t in self.versions(name)[version].get("tags", [])}

    def aliases(self, name: str) -> dict[str, str]:
        """The aliases of a model; searches never return them."""
        answer = self._call("GET", f"registered-models/get?{urlencode({'name': name})}")
        return {a["alias"]: a["version"] for a in answer["registered_model"].get("aliases", [])}

    def experiment(self, name: str) -> dict[str, Any]:
        """An experiment by name."""
        query = urlencode({"experiment_name": name})
        found: dict[str, Any] = self._call("GET", f"experiments/get-by-name?{query}")["experiment"]
        return found

    def delete_experiment(self, name: str) -> None:
        """Delete an experiment."""
        self._post("experiments/delete", {"experiment_id": self.experiment(name)["experiment_id"]})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        text = None if body is None else json.dumps(body)
        status, raw = rest.send(method, f"{self.url}/api/2.0/mlflow/{path}", text)
        if status >= 300:
            raise ClusterError(f"{method} {path.split('?', maxsplit=1)[0]}: {status} {raw[:300]!r}")
        answer: dict[str, Any] = json.loads(raw)
        return answer
