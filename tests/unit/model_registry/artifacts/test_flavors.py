"""What kind of model it is, is known by its class, and without importing the libraries of all kinds."""

import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlflow_operator.model_registry.artifacts.flavors import detect, load, named
from mlflow_operator.model_registry.errors import Invalid, NotFound


def of_class(*path: str) -> Any:
    """A model whose class derives from classes of these names, from the general to the special."""
    made: type = object
    for name in path:
        module, _, last = name.rpartition(".")
        made = type(last, (made,), {"__module__": module})
    return made()


@pytest.mark.parametrize(
    ("model", "flavor"),
    [
        (LogisticRegression(), "sklearn"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "sklearn"),
        (of_class("sklearn.base.BaseEstimator", "mine.Scorer"), "sklearn"),
        (of_class("xgboost.core.Booster"), "xgboost"),
        (
            of_class("sklearn.base.BaseEstimator", "xgboost.sklearn.XGBModel", "xgboost.sklearn.XGBClassifier"),
            "xgboost",
        ),
        (of_class("lightgbm.basic.Booster"), "lightgbm"),
        (of_class("sklearn.base.BaseEstimator", "lightgbm.sklearn.LGBMModel", "mine.Tuned"), "lightgbm"),
        (of_class("torch.nn.modules.module.Module", "mine.Net"), "pytorch"),
        (
            of_class("transformers.pipelines.base.Pipeline", "transformers.pipelines.x.TextClassification"),
            "transformers",
        ),
        (of_class("mlflow.pyfunc.model.PythonModel", "mine.Rules"), "pyfunc"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_special_kind_counts_before_the_general(model: Any, flavor: str) -> None:
    """XGBoost's classifiers are scikit-learn's too, and have to be loaded as XGBoost's."""
    assert detect(model).name == flavor


def test_nothing_is_imported_to_find_out() -> None:
    """A service that scores with scikit-learn need not have the others installed."""
    detect(LogisticRegression())
    assert {"xgboost", "lightgbm", "torch", "transformers"}.isdisjoint(sys.modules)


def test_a_model_that_nobody_knows_is_told_what_to_say() -> None:
    """By the names that flavor= takes."""
    with pytest.raises(Invalid, match=r"builtins.dict is none .* say flavor=, one of xgboost, .*pyfunc"):
        detect({})


def test_names_are_those_of_mlflow_and_of_the_libraries() -> None:
    """Also torch for pytorch, and MLflow's own python_function for pyfunc; anything else is refused."""
    assert (named("torch").name, named("python_function").name) == ("pytorch", "pyfunc")
    with pytest.raises(Invalid, match="flavor is 'keras'"):
        named("keras")


def test_a_folder_without_a_model_is_none(tmp_path: Path) -> None:
    """MLflow is not asked what it thinks of it."""
    with pytest.raises(NotFound, match="no file MLmodel"):
        load(tmp_path, None, "model a version 1")
