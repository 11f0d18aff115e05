"""Packages that only some calls need."""

import importlib
from typing import Any

from mlflow_operator.model_registry.errors import MissingExtra


def extra(module: str, name: str, what: str) -> Any:
    """A module of an extra, imported now.

    Raises:
        MissingExtra: It is not installed; the message says how to install the extra, and what it is for.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        hint = f'pip install "mlflow-operator[{name}]"'
        raise MissingExtra(f"{what} needs the package {package}, which is not installed: {hint}") from None
