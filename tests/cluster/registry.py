"""An MLflow registry as some other client sees it: a plain HTTP client that shares no code with the operator."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from cluster import rest
from cluster.errors import ClusterError


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
