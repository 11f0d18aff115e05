"""A version is compared with the one that it replaces, or with another one."""

import math
from dataclasses import replace
from typing import Any

import pytest

from mlflow_operator.promotion.evidence import Measured
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot
from unit.promotion.claims import NOW, claim

from .measured import BETTER, known, logged, models

COMPARED: dict[str, tuple[dict[str, Any], float, float, str, str]] = {
    "better": ({}, 0.93, 0.9, "Passed", "not lower"),
    "the same": ({}, 0.9, 0.9, "Passed", "not lower"),
    "worse": ({}, 0.89, 0.9, "Failed", "is 0.89, that of the logged model of version 6 0.9; it has to be not lower"),
    "lower is better": ({"direction": "Lower"}, 0.2, 0.3, "Passed", "not higher"),
    "lower would be better": ({"direction": "Lower"}, 0.3, 0.2, "Failed", "not higher"),
    "better by enough, in decimal": ({"minImprovement": 0.1}, 0.3, 0.2, "Passed", "higher by 0.1 at least"),
    "better, but not by enough": ({"minImprovement": 0.1}, 0.29, 0.2, "Failed", "higher by 0.1 at least"),
    "a little worse is allowed": ({"minImprovement": -0.01}, 0.89, 0.9, "Passed", "lower by 0.01 at most"),
    "too much worse": ({"minImprovement": -0.01}, 0.88, 0.9, "Failed", "lower by 0.01 at most"),
    "percent": ({"minImprovement": 10, "unit": "Percent"}, 0.55, 0.5, "Passed", "higher by 10% at least"),
    "too few percent": ({"minImprovement": 10, "unit": "Percent"}, 0.54, 0.5, "Failed", "10%"),
    "percent of what is negative": ({"minImprovement": 10, "unit": "Percent"}, -0.9, -1, "Passed", "10%"),
    "percent of nothing": ({"unit": "Percent"}, 0.5, 0, "Inconclusive", "write unit: Absolute"),
    "compared with NaN": ({}, 0.9, math.nan, "Inconclusive", "version 6 is NaN"),
    "infinitely better": ({}, math.inf, 0.9, "Inconclusive", "inf"),
}


@pytest.mark.parametrize(("gate", "ours", "theirs", "result", "words"), COMPARED.values(), ids=COMPARED)
def test_comparisons(gate: dict[str, Any], ours: float, theirs: float, result: str, words: str) -> None:
    """The present holder is the one to beat."""
    snapshot = models(v6="Production", v7="Staging")
    evidence = known(snapshot, v6=logged(theirs), v7=logged(ours))
    decision = decide(claim(gates={"comparisons": [BETTER | gate]}), snapshot, NOW, evidence)
    assert decision.gates is not None
    assert (decision.gates[0].result, words in decision.gates[0].message) == (result, True), decision.gates[0]


BASELINES: dict[str, tuple[dict[str, Any], Snapshot, str, str]] = {
    "the slot is empty": ({}, models(v7="Staging"), "Passed", "holds no version to compare with"),
    "the slot is empty, and must not be": (
        {"noBaseline": "Fail"},
        models(v7="Staging"),
        "Failed",
        "noBaseline is Fail",
    ),
    "a person decides": ({"noBaseline": "Inconclusive"}, models(v7="Staging"), "Inconclusive", "no version"),
    "it holds the slot itself": (
        {"noBaseline": "Fail"},
        models(v7="Production"),
        "Skipped",
        "holds stage/Production itself",
    ),
    "an alias": ({"baseline": {"alias": "champion"}}, models(v5="None", v7="Staging"), "Failed", "version 5 0.95"),
    "an alias that is not set": (
        {"baseline": {"alias": "other"}, "noBaseline": "Fail"},
        models(v7="Staging"),
        "Failed",
        "alias other points to no other version",
    ),
    "a number": ({"baseline": {"version": 5}}, models(v5="None", v7="Staging"), "Failed", "version 5 0.95"),
    "a number that is not registered": (
        {"baseline": {"version": 4}, "noBaseline": "Fail"},
        models(v7="Staging"),
        "Failed",
        "there is no other version 4",
    ),
    "an alias to itself proves nothing": (
        {"baseline": {"alias": "mine"}, "noBaseline": "Fail"},
        models(v7="Staging"),
        "Failed",
        "alias mine points to no other version",
    ),
    "the newest of several holders": (
        {},
        models(v4="Production", v5="Production", v7="Staging"),
        "Failed",
        "version 5",
    ),
    "it holds the slot with another one": ({}, models(v5="Production", v7="Production"), "Failed", "version 5 0.95"),
    "the other lacks the metric": ({}, models(v3="Production", v7="Staging"), "Failed", "in logged model m-3"),
}


@pytest.mark.parametrize(("gate", "snapshot", "result", "words"), BASELINES.values(), ids=BASELINES)
def test_baselines(gate: dict[str, Any], snapshot: Snapshot, result: str, words: str) -> None:
    """Whom a version is compared with, and what follows where there is nobody."""
    snapshot = replace(snapshot, aliases={"champion": "5", "mine": "7"})
    values = {"v3": Measured(), "v4": logged(0.5), "v5": logged(0.95), "v7": logged(0.92)}
    evidence = known(snapshot, **{name: values[name] for name in values if name[1:] in snapshot.versions})
    decision = decide(claim(gates={"comparisons": [BETTER | gate]}), snapshot, NOW, evidence)
    assert decision.gates is not None
    assert (decision.gates[0].result, words in decision.gates[0].message) == (result, True), decision.gates[0]
