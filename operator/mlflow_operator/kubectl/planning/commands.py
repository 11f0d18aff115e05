"""plan: dry-run each claim of a file at the API server, then let the operator's own rules decide about it."""

import sys
from datetime import UTC, datetime
from typing import Any

from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.clients.mlflow.measuring import measure
from mlflow_operator.clients.mlflow.registry import Registry
from mlflow_operator.errors import ApiError, OperatorError, Unreadable
from mlflow_operator.kubectl.planning import files, forecast, report
from mlflow_operator.kubectl.planning.forecast import Forecast
from mlflow_operator.kubectl.planning.surroundings import Surroundings, look
from mlflow_operator.kubectl.reaching.access import reached, server_of
from mlflow_operator.kubectl.terminal.exits import WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.output import Output, emit
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from mlflow_operator.kubectl.terminal.running import Command
from mlflow_operator.promotion.evidence import Evidence, ModelFile
from mlflow_operator.promotion.facts import Facts, needs, wants_file
from mlflow_operator.promotion.rules import decide
from mlflow_operator.promotion.snapshot import Snapshot

Object = dict[str, Any]


def plan(place: Place, path: str, output: Output, url: str | None, *, markdown: bool) -> Command:
    """What would become of the claims of a file."""

    async def command(person: Person) -> int:
        found = files.claims(files.read(path), person.namespace)
        forecasts = [await foresee(person, place, obj, url) for obj in found]
        if markdown:
            sys.stdout.write(report.markdown(forecasts))
        else:
            emit(output, [each.data() for each in forecasts], lambda to: report.show(to, forecasts))
        return WELL if all(each.good for each in forecasts) else WRONG

    return command


async def foresee(person: Person, place: Place, obj: Object, url: str | None) -> Forecast:
    """What would become of one claim, if it were applied.

    Raises:
        OperatorError: The server or its MLflow cannot be asked.
    """
    live = await _live(person, obj)
    before = str(live["spec"]["version"]) if live else None
    made, refused = await _tried(person, obj, live)
    if made is None:
        return forecast.invalid(obj, before, refused)
    try:
        claim = ModelPromotion.parse(made)
    except Unreadable as error:
        return forecast.invalid(obj, before, refused or error.message)
    around, ref = await look(person, made, claim), claim.spec.server_ref
    try:
        server = await server_of(person, claim.server_namespace, ref.name)
    except Stop as stop:
        if stop.code != WRONG:
            raise
        return forecast.without_server(claim, before, refused)
    async with reached(person, server, place, url=url, workspace=ref.workspace or "") as registry:
        facts = await _facts(person, registry, claim, around)
    decision = decide(claim, facts.snapshot, facts.now, facts.evidence, rival=around.rival, policies=around.policies)
    return forecast.of(facts, decision, before, refused, around.unknown)


async def _tried(person: Person, obj: Object, live: Object | None) -> tuple[Object | None, str]:
    """What the API server would make of it, and why it refuses; None where it would take it from nobody."""
    try:
        return await person.apply_dry(obj), ""
    except ApiError as error:
        if error.status == 401:
            raise
        # Somebody else may be allowed to, and gates ask nobody's rights.
        return _as_written(obj, live) if error.status == 403 else None, error.message


async def _facts(person: Person, registry: Registry, claim: ModelPromotion, around: Surroundings) -> Facts:
    """The claim, and what MLflow and people have said so far; nobody is asked anything new."""
    snapshot = await registry.snapshot(claim.spec.model)
    now = datetime.now(UTC)
    facts = Facts(claim, snapshot, now, rival=around.rival, policies=around.policies)
    file = await _file(registry, claim, snapshot) if wants_file(facts) else None
    measured = await measure(registry, needs(facts))
    said = await _said(person, claim) if facts.asks_people else ()
    evidence = Evidence(file, measured, said, approvers_checked=True)
    return Facts(claim, snapshot, now, evidence, around.rival, around.policies)


async def _file(registry: Registry, claim: ModelPromotion, snapshot: Snapshot) -> ModelFile:
    return await registry.model_file(snapshot.model, claim.spec.version)


async def _said(person: Person, claim: ModelPromotion) -> tuple[PromotionApproval, ...]:
    """What people have said about the claim already."""
    meta = claim.metadata
    found = await person.if_allowed("PromotionApproval", meta.namespace, fields=f"spec.promotionRef.name={meta.name}")
    return tuple(PromotionApproval.parse(approval) for approval in found or ())


async def _live(person: Person, obj: Object) -> Object | None:
    """The claim as it is; None where there is none, or it may not be looked at."""
    try:
        return await person.get("ModelPromotion", obj["metadata"]["namespace"], obj["metadata"]["name"])
    except OperatorError:
        return None


def _as_written(obj: Object, live: Object | None) -> Object:
    """The object as it is written, in the place of the one that is there."""
    if live is None:
        return {**obj, "status": {}}
    meta = {**live["metadata"], "generation": live["metadata"]["generation"] + (obj.get("spec") != live["spec"])}
    annotations = {**live["metadata"].get("annotations", {}), **obj["metadata"].get("annotations", {})}
    return {**live, "metadata": {**meta, "annotations": annotations}, "spec": obj.get("spec")}
