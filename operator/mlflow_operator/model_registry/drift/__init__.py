"""Whether data is still like the data that a model was made with. Needs the extra ``drift``: pandas and scipy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlflow_operator.model_registry.errors import MissingExtra

if TYPE_CHECKING:
    from mlflow_operator.model_registry.drift.report import DriftReport

__all__ = ["detect_drift"]


def detect_drift(
    reference: Any,
    current: Any,
    *,
    columns: Sequence[str] | None = None,
    threshold: float = 0.2,
    alpha: float = 0.05,
) -> "DriftReport":
    """Compare data with the data of before, column by column.

    A column has drifted where its PSI is ``threshold`` at least and a test finds that this is no accident.

    Args:
        reference: a pandas DataFrame, of the time when the model was made.
        current: a pandas DataFrame, of now.
        columns: which ones; else all that both have.
        threshold: of the population stability index, in nats.
        alpha: how likely it may be that any column is called drifted where none has; over all tests together.

    Raises:
        Invalid: Data that cannot be compared, with what would be right.
        MissingExtra: pandas or scipy is not installed.
    """
    try:
        from mlflow_operator.model_registry.drift.detect import compare  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("numpy", "pandas", "scipy"):
            raise
        hint = 'pip install "mlflow-operator[drift]"'
        raise MissingExtra(f"comparing data needs the package {error.name}, which is not installed: {hint}") from None
    return compare(reference, current, columns=columns, threshold=threshold, alpha=alpha)
