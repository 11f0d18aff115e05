"""What MLflow's registry is asked, each question with the values that it answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.errors import Invalid, NotFound
from mlflow_operator.model_registry.metadata import reading
from mlflow_operator.model_registry.metadata.kept import Kept
from mlflow_operator.model_registry.rest import Answer, Rest
from mlflow_operator.model_registry.results import LoggedModel, ModelVersion, Point, RegisteredModel, Run, Slot

Value = TypeVar("Value")

_ARTIFACT = "/model-versions/get-artifact"
_POINTS = "5000"
"""Values of a metric in a page."""
_PAGE = "200"
"""Items of a page: as many as are read without keeping the event loop for long."""
EVERYTHING = ""
"""What belongs to no single model, in the memory of answers."""


class Registry:
    """The registry of one MLflow.

    ``young`` says: as it is now, not as it is remembered. Every method raises what ``Rest`` does.
    """

    def __init__(self, rest: Rest, kept: Kept) -> None:
        self.rest = rest
        self._kept = kept

    async def models(self, filter_: str, until: Deadline) -> list[RegisteredModel]:
        """All registered models that fit MLflow's filter; empty: all of them."""
        query = {"max_results": _PAGE} | ({"filter": filter_} if filter_ else {})
        items = await self._list("registered-models/search", "registered_models", query, EVERYTHING, until)
        return [self._read(reading.model, item) for item in items]

    async def model(self, name: str, until: Deadline, *, young: bool = False) -> RegisteredModel:
        """A registered model."""
        answer = await self._get("registered-models/get", {"name": name}, name, until, young=young)
        return self._read(lambda a: reading.model(a["registered_model"]), answer)

    async def version(self, name: str, version: int, until: Deadline, *, young: bool = False) -> ModelVersion:
        """One version of a model."""
        query = {"name": name, "version": str(version)}
        answer = await self._get("model-versions/get", query, name, until, young=young)
        return self._read(lambda a: reading.version(a["model_version"]), answer)

    async def versions(self, name: str, until: Deadline, *, young: bool = False) -> list[ModelVersion]:
        """All versions of a model, oldest first, without their aliases."""
        query = {"filter": named(name), "max_results": _PAGE}
        items = await self._list("model-versions/search", "model_versions", query, name, until, young=young)
        found = [self._read(reading.version, item) for item in items]
        # The filter of some names fits others too, and so does any where the database compares without case.
        return sorted((v for v in found if v.model == name), key=lambda v: v.version)

    async def holder(self, name: str, slot: Slot, until: Deadline) -> ModelVersion:
        """The version that holds a slot; of a stage with several, the newest.

        Raises:
            NotFound: Nobody does, or there is no such model.
        """
        if slot.kind == "alias":
            return await self._aliased(name, slot.name, until)
        answer = await self._get("registered-models/get", {"name": name}, name, until)
        found = self._read(lambda a: reading.newest(a["registered_model"], slot.name), answer)
        if found is None:
            raise nobody(self._read(lambda a: reading.model(a["registered_model"]), answer), slot)
        return found

    async def newest(self, name: str, until: Deadline) -> ModelVersion:
        """The newest version.

        Raises:
            NotFound: There is none.
        """
        latest = (await self.model(name, until)).latest_version
        if latest is None:
            raise NotFound(f"{name} has no version; register one")
        return await self.version(name, latest, until)

    async def run(self, run_id: str, until: Deadline, *, of: str = EVERYTHING) -> Run:
        """A run; ``of`` is the model for whose sake it is asked."""
        answer = await self._get("runs/get", {"run_id": run_id}, of, until, young=of == EVERYTHING)
        return self._read(lambda a: reading.run(a["run"]), answer)

    async def logged_model(self, model_id: str, until: Deadline, *, of: str = EVERYTHING) -> LoggedModel:
        """A model as MLflow 3 keeps it; ``of`` is the registered model for whose sake it is asked."""
        answer = await self._get(f"logged-models/{model_id}", {}, of, until, young=of == EVERYTHING)
        return self._read(lambda a: reading.logged_model(a["model"]), answer)

    async def history(self, run_id: str, metric: str, until: Deadline) -> list[Point]:
        """Each value of a metric that a run has logged, in the order of its steps; none where it has none."""
        query = {"run_id": run_id, "metric_key": metric, "max_results": _POINTS}
        items = [item async for item in self.rest.pages("metrics/get-history", "metrics", query, deadline=until)]
        return sorted((self._read(reading.point, item) for item in items), key=lambda p: (p.step, p.time))

    async def model_file(self, version: ModelVersion, until: Deadline) -> str:
        """The file MLmodel of a version, which the server reads from whatever store it is in."""
        query = {"name": version.model, "version": str(version.version), "path": "MLmodel"}

        async def ask(within: Deadline) -> Answer:
            return {"text": await self.rest.text(_ARTIFACT, query, deadline=within)}

        answer = await self._kept.answer([_ARTIFACT, query, version.created], version.model, ask, until)
        return str(answer["text"])

    async def changed(self, name: str) -> None:
        """Forget what is remembered of a model, since this process has changed it."""
        await self._kept.forget(name)
        await self._kept.forget(EVERYTHING)

    async def close(self) -> None:
        """Close what the memory has open in this event loop."""
        await self._kept.close()

    async def _aliased(self, name: str, alias: str, until: Deadline) -> ModelVersion:
        query = {"name": name, "alias": alias}
        try:
            answer = await self._get("registered-models/alias", query, name, until)
        except Invalid:
            # MLflow calls an alias that is not there an invalid parameter; the model knows which there are.
            model = await self.model(name, until, young=True)
            if alias in model.aliases:
                raise
            raise nobody(model, Slot("alias", alias)) from None
        return self._read(lambda a: reading.version(a["model_version"]), answer)

    async def _get(
        self, path: str, query: Mapping[str, str], group: str, until: Deadline, *, young: bool = False
    ) -> Answer:
        async def ask(within: Deadline) -> Answer:
            return await self.rest.get(path, query, deadline=within)

        return await self._kept.answer([path, dict(query)], group, ask, until, young=young)

    async def _list(
        self, path: str, items: str, query: Mapping[str, str], group: str, until: Deadline, *, young: bool = False
    ) -> Sequence[Answer]:
        async def ask(within: Deadline) -> Answer:
            return {"all": [item async for item in self.rest.pages(path, items, query, deadline=within)]}

        answer = await self._kept.answer([path, dict(query)], group, ask, until, young=young)
        found: list[Answer] = answer["all"]
        return found

    def _read(self, read: Callable[[Answer], Value], answer: Answer) -> Value:
        with reading.reading(self.rest.connection.url):
            return read(answer)


def nobody(model: RegisteredModel, slot: Slot) -> NotFound:
    """The error for a slot without a holder; it names those that have one."""
    held = [f"alias/{name}" for name in model.aliases] + [f"stage/{name}" for name in model.stages]
    there = ", ".join(sorted(held)) or "none"
    return NotFound(f"no version of {model.name} holds {slot}; slots with a holder: {there}")


def named(name: str) -> str:
    """MLflow's filter for the versions of a model.

    MLflow knows two quotes and no escape: a name with both is searched for with a wildcard, and finds others too.
    """
    if "'" not in name:
        return f"name = '{name}'"
    if '"' not in name:
        return f'name = "{name}"'
    return "name LIKE '" + name.replace("'", "_").replace("\\", "_") + "'"
