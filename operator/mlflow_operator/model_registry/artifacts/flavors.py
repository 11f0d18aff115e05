"""Kinds of models: by what a model is known, and how MLflow's client saves and loads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow_operator.model_registry.artifacts.server import module
from mlflow_operator.model_registry.errors import Invalid, MissingExtra, NotFound, RegistryError

PYFUNC = "pyfunc"
_PYFUNC_OF_A_FILE = "python_function"


@dataclass(frozen=True)
class Flavor:
    """One kind; ``mark`` is a class, as module and name, that is among the ancestors of such a model."""

    name: str
    marks: tuple[str, ...]
    """Prefixes of ``module.Class``."""
    argument: str
    """What ``save_model`` of MLflow calls the model."""
    always: tuple[tuple[str, Any], ...] = ()
    """More arguments of it, where nobody says otherwise."""
    file: str = ""
    """What the file MLmodel calls the flavor, where that is another word."""


# From the special to the general: XGBoost's classifiers are scikit-learn's too, transformers' models are torch's.
FLAVORS = (
    Flavor("xgboost", ("xgboost.core.Booster", "xgboost.sklearn.XGB"), "xgb_model"),
    Flavor("lightgbm", ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBM"), "lgb_model"),
    Flavor("transformers", ("transformers.pipelines.base.Pipeline",), "transformers_model"),
    Flavor("pytorch", ("torch.nn.modules.module.Module",), "pytorch_model"),
    # cloudpickle: every MLflow loads it, and it takes classes of one's own; the default of newer ones does neither.
    Flavor("sklearn", ("sklearn.base.BaseEstimator",), "sk_model", (("serialization_format", "cloudpickle"),)),
    Flavor(PYFUNC, ("mlflow.pyfunc.model.PythonModel",), "python_model", file=_PYFUNC_OF_A_FILE),
)
_BY_NAME = {flavor.name: flavor for flavor in FLAVORS} | {"torch": FLAVORS[3], _PYFUNC_OF_A_FILE: FLAVORS[5]}


def detect(model: Any) -> Flavor:
    """What kind of model this is, without importing any of their libraries.

    Raises:
        Invalid: None that is known.
    """
    ancestors = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(model).__mro__]
    for flavor in FLAVORS:
        if any(ancestor.startswith(flavor.marks) for ancestor in ancestors):
            return flavor
    names = ", ".join(_BY_NAME)
    message = f"a {ancestors[0]} is none of the models that are known by their class"
    raise Invalid(f"{message}; say flavor=, one of {names}, or wrap it into an mlflow.pyfunc.PythonModel")


def named(name: str) -> Flavor:
    """The kind of that name.

    Raises:
        Invalid: There is none.
    """
    if name not in _BY_NAME:
        raise Invalid(f"flavor is {name!r}; it has to be one of {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def save(flavor: Flavor, model: Any, folder: Path, run_id: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Save a model into a folder that is not there yet; what MLflow notes of it at the run.

    Raises:
        MissingExtra: A package is missing that this kind needs.
        Invalid: MLflow cannot save this model.
    """
    with _explained(f"the model cannot be saved as {flavor.name}"):
        about = module("mlflow.models").Model(artifact_path=folder.name, run_id=run_id)
        arguments = {**dict(flavor.always), **{name: value for name, value in options.items() if value is not None}}
        arguments |= {flavor.argument: model, "path": str(folder), "mlflow_model": about}
        module(f"mlflow.{flavor.name}").save_model(**arguments)
        tags: dict[str, Any] = about.get_tags_dict()
    return tags


def load(folder: Path, wanted: str | None, what: str) -> Any:
    """Load a model from a folder, as the kind that is wanted, else as the first that it is known as.

    Raises:
        NotFound: The folder holds no model, or none of this kind.
        MissingExtra: A package is missing that the model needs.
        Invalid: The model is damaged, or needs other versions of packages.
    """
    if not (folder / "MLmodel").is_file():
        raise NotFound(f"{what}: its artifacts have no file MLmodel, so they are no model of MLflow's")
    with _explained(f"{what} cannot be loaded"):
        there = module("mlflow.models").Model.load(str(folder)).flavors
        flavor = named(wanted) if wanted else _first(there, what)
        if (flavor.file or flavor.name) not in there:
            raise NotFound(f"{what} is no {flavor.name}; it is there as {', '.join(there)}")
        return module(f"mlflow.{flavor.name}").load_model(str(folder))


def _first(there: Mapping[str, Any], what: str) -> Flavor:
    found = next((flavor for flavor in FLAVORS if (flavor.file or flavor.name) in there), None)
    if found is None:
        raise Invalid(f"{what} is there as {', '.join(there)}, and none of these is known here")
    return found


class _explained:  # noqa: N801 - read as a statement
    """Turn whatever a model's own code raises into an error of ours; what it says goes on into the message."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, RegistryError | OSError) or not isinstance(error, Exception):
            return
        if isinstance(error, ModuleNotFoundError) and error.name:
            package = error.name.partition(".")[0]
            message = (
                f"{self._what}: the Python package {package} is missing; install the one that the model was made with"
            )
            raise MissingExtra(message) from error
        raise Invalid(f"{self._what}: {type(error).__name__}: {str(error)[:300]}") from error
