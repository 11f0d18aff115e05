"""Versions beside one another, for people and for programs."""

import math

from mlflow_operator.model_registry.comparing.history import MetricHistory
from mlflow_operator.model_registry.comparing.signature import fields
from mlflow_operator.model_registry.comparing.table import Chosen, Compared, Comparison
from mlflow_operator.model_registry.results import Dataset, ModelVersion, Point

SIGNATURE = """
artifact_path: model
flavors:
  sklearn: {pickled_model: model.pkl}
signature:
  inputs: '[{"type": "long", "name": "age", "required": true}, {"type": "string", "name":
    "it''s", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
"""


def version(number: int, stage: str = "None", **tags: str) -> ModelVersion:
    """A version with tags."""
    return ModelVersion("fraud", number, stage, "READY", "", "run", None, "", 0, 0, (), tags)


def table(chosen: Chosen | None = None) -> Comparison:
    """Two versions, of which the second is better and takes other data."""
    first = Compared(
        version(1, team="risk|a"),
        {"accuracy": 0.8, "loss": math.nan},
        {"C": "1.0"},
        (Dataset("train", "abc", "training"),),
        {"inputs.age": "long"},
    )
    second = Compared(
        version(2, "Production", team="risk|a"),
        {"accuracy": 0.9, "loss": math.nan},
        {"C": "1.0", "solver": "lbfgs"},
        (Dataset("train", "abc", "training"),),
        {"inputs.age": "double"},
    )
    return Comparison("fraud", (first, second), chosen or Chosen())


def test_the_table_is_markdown_and_marks_what_differs() -> None:
    """A text of somebody's with the sign of a cell's end stays in its cell."""
    assert (
        str(table())
        == r"""|  | fraud | version 1 | version 2 |  |
| --- | --- | --- | --- | --- |
| version | stage | None | Production | ≠ |
| version | aliases | - | - |  |
| metric | accuracy | 0.8 | 0.9 | ≠ |
| metric | loss | nan | nan |  |
| param | C | 1.0 | 1.0 |  |
| param | solver | - | lbfgs | ≠ |
| tag | team | risk\|a | risk\|a |  |
| dataset | datasets | train@abc (training) | train@abc (training) |  |
| signature | inputs.age | long | double | ≠ |"""
    )


def test_what_differs_can_be_asked_for_alone() -> None:
    """NaN is like NaN, though Python says it is not."""
    names = [row.name for row in table().rows(only_differences=True)]
    assert names == ["stage", "accuracy", "solver", "inputs.age"]


def test_chosen_names_are_shown_though_nobody_has_them() -> None:
    """Whoever asks for a metric sees that it is missing."""
    chosen = table(Chosen(metrics=("f1", "accuracy"), params=(), tags=())).as_dict()
    assert chosen[1]["metric"] == {"f1": None, "accuracy": 0.8}
    assert ("param" in chosen[1], "tag" in chosen[1]) == (False, False)


def test_the_table_is_a_data_frame_too() -> None:
    """With a column for each version."""
    frame = table().to_pandas()
    assert frame.loc["metric", "accuracy"].to_dict() == {1: 0.8, 2: 0.9}


def test_a_signature_is_read_of_the_model_file() -> None:
    """Fields by name, else by position; YAML's line breaks and quotes are none of the JSON's."""
    assert fields(SIGNATURE) == {
        "inputs.age": "long",
        "inputs.it's": "string, optional",
        "outputs.0": "tensor of int64 [-1]",
    }


def test_what_is_no_model_file_has_no_known_signature() -> None:
    """Other than a model that was logged without one."""
    assert fields("flavors: {}\n") == {}
    for text in (
        "<html>",
        "",
        "[1]",
        "flavors: [",
        "flavors: {}\nsignature: 7",
        "flavors: {}\nsignature: {inputs: 'x'}",
    ):
        assert fields(text) is None


def test_a_metric_over_versions_is_drawn() -> None:
    """The last values, where each version has one; a line for each, where there are steps."""
    once = MetricHistory("fraud", "accuracy", {1: (Point(0, 1, 0.8),), 2: (), 3: (Point(0, 2, 0.9),)})
    assert once.last == {1: 0.8, 3: 0.9}
    axes = once.plot()
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.8, 0.9]]
    stepped = MetricHistory("fraud", "accuracy", {1: (Point(0, 1, 0.5), Point(1, 2, 0.8)), 2: (Point(0, 3, 0.9),)})
    axes = stepped.plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["version 1", "version 2"]
    assert stepped.rows()[1] == {"version": 1, "step": 1, "time": 2, "value": 0.8}
