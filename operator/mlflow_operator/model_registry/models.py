"""Models themselves: logged and loaded by MLflow's client, in threads beside the event loop."""

from collections.abc import Mapping
from typing import Any

from mlflow_operator.model_registry.base import Base
from mlflow_operator.model_registry.deadline import Deadline
from mlflow_operator.model_registry.results import Version

_SECONDS = 600.0
"""How long a model may take, where nobody says otherwise: large ones take minutes."""


class Models(Base):
    """The part of a registry that has to do with models; it needs the extra ``registry``."""

    async def log_model(
        self,
        model: Any,
        model_name: str,
        *,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        experiment: str | None = None,
        flavor: str | None = None,
        signature: Any = None,
        input_example: Any = None,
        compress: str | None = None,
        options: Mapping[str, Any] | None = None,
        timeout: float = _SECONDS,  # noqa: ASYNC109 - of the waiting; the thread has to hear of it
    ) -> str:
        """Log a model as a new run; returns the id of the run.

        Args:
            model: what scikit-learn, XGBoost, LightGBM, PyTorch or transformers made, or a ``PythonModel`` of MLflow's.
            model_name: the name of the run, and of the model that it may be registered as.
            metrics: numbers of the model.
            params: what it was made with.
            tags: of the run.
            experiment: by name, made if there is none; else MLFLOW_EXPERIMENT_NAME, else Default.
            flavor: what kind of model it is, where its class does not say.
            signature: as MLflow's ``infer_signature`` makes it.
            input_example: as MLflow takes it.
            compress: ``"zstd"`` for large files; who loads it without this library has to unpack it first.
            options: more arguments for ``save_model`` of MLflow's flavor, such as ``pip_requirements``.
            timeout: seconds. A run that could not be finished is marked as failed.

        Raises:
            StorageFull: No room for the files of the model.
            MissingExtra: MLflow's client is not installed, or what compresses.
        """
        return await self._artifacts.log(
            model,
            model_name,
            metrics=metrics,
            params=params,
            tags=tags,
            experiment=experiment,
            flavor=flavor,
            signature=signature,
            input_example=input_example,
            compress=compress,
            options=options,
            timeout=timeout,
        )

    async def load_model(
        self,
        model_name: str,
        version: Version | None = None,
        *,
        stage: str | None = None,
        alias: str | None = None,
        flavor: str | None = None,
        timeout: float = _SECONDS,  # noqa: ASYNC109 - over several requests, and in the error
    ) -> Any:
        """A model as it was logged, by its version, or by the stage or alias that it holds; else the newest.

        A model in memory is shared by all who ask for it: it is for reading. A stage or an alias is looked up again
        when what is known of it is older than ``cache_ttl``, and at once after a promotion by this object.

        Args:
            model_name: name of the registered model.
            version: the version; or
            stage: a stage, of whose versions the newest counts; or
            alias: an alias.
            flavor: ``"pyfunc"`` for MLflow's general form of the model.
            timeout: seconds.

        Raises:
            NotFound: Nobody holds the slot, or the version has no files.
            StorageFull: No room for the files of the model.
            MissingExtra: MLflow's client, or the library that has made the model, is not installed.
        """
        from mlflow_operator.model_registry.artifacts import ModelLocation  # noqa: PLC0415

        until = Deadline(timeout)
        found = await self._version(model_name, version, stage, alias, until)
        where = ModelLocation(found.model, found.version, found.run_id, found.source, found.created)
        return await self._artifacts.load(where, flavor=flavor, timeout=until.left())
