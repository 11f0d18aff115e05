"""The value of a metric of a version: which of those that MLflow has counts, and what follows where none does."""

import math
from dataclasses import dataclass

from mlflow_operator.api.gates.gates import GateResult, Measure, Missing, Source
from mlflow_operator.promotion.evidence import Evidence, Measured, Need, Origin, Reading
from mlflow_operator.promotion.gates.case import Outcome
from mlflow_operator.promotion.snapshot import READY, ModelVersion

_EXACT = 1e15
"""Below it each whole number is a float of its own."""
_NAMED = 5
"""Datasets that a message names."""
_MISSING = {
    Missing.FAIL: GateResult.FAILED,
    Missing.INCONCLUSIVE: GateResult.INCONCLUSIVE,
    Missing.SKIP: GateResult.SKIPPED,
}


@dataclass(frozen=True)
class Value:
    """A number, and where it stands."""

    number: float
    where: str


def need(gate: Measure, version: ModelVersion) -> Need:
    """What has to be asked of a version."""
    return Need(Origin.of(version), gate.metric)


def value(gate: Measure, version: ModelVersion, evidence: Evidence) -> Value | Outcome:
    """The value that counts, or the answer of the gate where there is none."""
    if version.status != READY:
        return Outcome(GateResult.WAITING, f"version {version.version} is not {READY} yet; it is measured then")
    found = evidence.measured.get(need(gate, version))
    if found is None:
        return Outcome(GateResult.WAITING, f"{gate.metric} of version {version.version} is being looked up")
    if found.refused:
        return Outcome(GateResult.ERROR, f"{gate.metric} of version {version.version} is not known: {found.refused}")
    chosen = _chosen(gate, version, found)
    if isinstance(chosen, Value) and math.isnan(chosen.number):
        message = f"{gate.metric} of {chosen.where} is NaN; find out why, and log a number"
        return Outcome(GateResult.INCONCLUSIVE, message, observed="NaN")
    return chosen


def _chosen(gate: Measure, version: ModelVersion, found: Measured) -> Value | Outcome:
    readings = found.logged if gate.source is not Source.RUN else ()
    if gate.dataset is not None:
        readings = tuple(r for r in readings if r.dataset == gate.dataset)
    plain = [r for r in readings if not r.dataset] or list(readings)
    if len(plain) > 1:
        return _ambiguous(gate, version, plain)
    if plain:
        of = f" for dataset {plain[0].dataset}" if plain[0].dataset else ""
        return Value(plain[0].value, f"the logged model of version {version.version}{of}")
    if found.run is not None and gate.source is not Source.LOGGED_MODEL and gate.dataset is None:
        return Value(found.run, f"the run of version {version.version}")
    return _absent(gate, version, found)


def _ambiguous(gate: Measure, version: ModelVersion, readings: list[Reading]) -> Outcome:
    message = (
        f"{gate.metric} of version {version.version} was logged for datasets {_names(readings)}; write in dataset which"
        " of them counts"
    )
    return Outcome(GateResult.INCONCLUSIVE, message, observed=f"{len(readings)} values")


def _absent(gate: Measure, version: ModelVersion, found: Measured) -> Outcome:
    """There is no such metric; the message says where it was looked for, and what there is instead."""
    where = _looked_in(gate, version)
    if gate.dataset is not None:
        others = f", but for {_names(list(found.logged))}" if found.logged else ""
        message = f"{gate.metric} was not logged for dataset {gate.dataset}{others}, in {where}"
    else:
        message = f"{gate.metric} was not logged, in {where}"
    return absent(gate, f"{message}; log it, or correct the gate")


def absent(gate: Measure, message: str) -> Outcome:
    """The answer of a gate whose metric is not there."""
    return Outcome(_MISSING[gate.missing], message, observed="missing")


def _looked_in(gate: Measure, version: ModelVersion) -> str:
    places = []
    if gate.source is not Source.RUN and version.logged_model:
        places.append(f"logged model {version.logged_model}")
    if gate.source is not Source.LOGGED_MODEL and gate.dataset is None and version.run:
        places.append(f"run {version.run}")
    which = " or ".join(places)
    return f"{which} of version {version.version}" if which else f"version {version.version}, which has no such source"


def _names(readings: list[Reading]) -> str:
    names = sorted({reading.dataset or "none" for reading in readings})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def number(value_: float) -> str:
    """A number in words: as it was logged, since a rounded one may look as if it was within a bound."""
    whole = math.isfinite(value_) and value_ == int(value_) and abs(value_) < _EXACT
    return repr(int(value_)) if whole else repr(value_)
