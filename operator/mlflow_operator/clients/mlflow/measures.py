"""What was measured of versions: metrics of logged models, and of runs."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from mlflow_operator.clients.mlflow import answers
from mlflow_operator.clients.mlflow.answers import Answer, LoggedMetric
from mlflow_operator.clients.mlflow.asking import API, Asking
from mlflow_operator.clients.transport import MIB
from mlflow_operator.errors import RegistryNotFound

_MEASURES = 8 * MIB
"""Bytes of an answer, which has every value that a logged model was ever given, or all parameters of a run."""


class Measures(Asking):
    """The measurements that a tracking server has."""

    async def logged_model_metrics(self, model_id: str) -> Sequence[LoggedMetric]:
        """Every value of every metric of a logged model; none where there is no such model any more."""
        path = f"{API}/logged-models/{quote(model_id, safe='')}"
        try:
            answer = await self._call(f"logged model {model_id}", "GET", path, limit=_MEASURES)
        except RegistryNotFound:
            return ()
        with answers.reading(self._base):
            data = answer["model"].get("data", {})
            return [answers.logged_metric(item) for item in data.get("metrics", [])]

    async def run_metrics(self, run_id: str) -> Mapping[str, float]:
        """The latest value of each metric of a run; none where there is no such run any more."""
        data = await self._run(run_id)
        with answers.reading(self._base):
            return dict(answers.metric(item) for item in data.get("metrics", []))

    async def run_parameters(self, run_id: str) -> Mapping[str, str]:
        """The parameters of a run; none where there is no such run any more."""
        data = await self._run(run_id)
        with answers.reading(self._base):
            return dict(answers.parameter(item) for item in data.get("params", []))

    async def _run(self, run_id: str) -> Answer:
        try:
            query = {"run_id": run_id}
            answer = await self._call(f"run {run_id}", "GET", f"{API}/runs/get", query=query, limit=_MEASURES)
        except RegistryNotFound:
            return {}
        with answers.reading(self._base):
            data: Answer = answer["run"]["data"]
            return data
