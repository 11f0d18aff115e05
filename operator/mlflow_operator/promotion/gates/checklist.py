"""All gates of a claim, asked together and never one after the other, so that one look shows the whole list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mlflow_operator.api.gates.approvals import ApprovalStatus
from mlflow_operator.api.gates.gates import GateResult, GateStatus, WindowStatus
from mlflow_operator.api.gates.webhooks import Webhook
from mlflow_operator.api.gates.windows import Mode
from mlflow_operator.promotion.evidence import JobFound, Need
from mlflow_operator.promotion.gates import approval, comparisons, jobs, metrics, webhooks, windows
from mlflow_operator.promotion.gates.case import Case, Outcome, remembered
from mlflow_operator.promotion.gates.webhooks import Inquiry
from mlflow_operator.promotion.policies.demand import Demand, by
from mlflow_operator.promotion.snapshot import READY
from mlflow_operator.promotion.unmet import Unmet, Way

_MESSAGE, _SUMMARY = 1024, 512
"""Characters; what a server calls its datasets may be of any length."""
_THROUGH = (GateResult.PASSED, GateResult.SKIPPED)
_ROLLBACK = Outcome(GateResult.SKIPPED, "the version held the slot lately, and a rollback need not pass it")
_ELSEWHERE = (webhooks.WEBHOOK, approval.APPROVAL)
"""Gates for which somebody is asked."""
_OBSTACLES = {
    GateResult.FAILED: ("GateFailed", Way.CHANGE),
    GateResult.INCONCLUSIVE: ("GateInconclusive", Way.PERSON),
    GateResult.ERROR: ("GateError", Way.WORLD),
    GateResult.WAITING: ("GatePending", Way.WORLD),
}


@dataclass(frozen=True)
class Checklist:
    """What came out of the gates."""

    results: tuple[GateStatus, ...] = ()
    window: WindowStatus | None = None
    """Where the windows stand, where there are any."""
    approval: ApprovalStatus | None = None
    """What people have to approve, where they are asked."""
    unapproved: tuple[Unmet, ...] = ()
    """People, where they are in the way: they are asked once all but the windows is passed."""
    over: bool = False
    """The attempt under way has passed them: nothing of it is in the way any more."""

    @property
    def obstacles(self) -> tuple[Unmet, ...]:
        """What is in the way of the version, but not people, and not the windows, which are asked last."""
        found = (result for result in self._in_the_way() if result.type != approval.APPROVAL)
        return tuple(_obstacle(result) for result in found if not _waits(result))

    @property
    def closed(self) -> tuple[Unmet, ...]:
        """The windows, where they are closed."""
        return tuple(_obstacle(result) for result in self._in_the_way() if _waits(result))

    @property
    def is_blocked_here(self) -> bool:
        """Whether anything is in the way that is found out without asking somebody elsewhere."""
        return any(not _waits(result) and result.type not in _ELSEWHERE for result in self._in_the_way())

    def _in_the_way(self) -> Iterator[GateStatus]:
        if not self.over:
            yield from (r for r in self.results if r.mode != Mode.DRY_RUN and r.result not in _THROUGH)

    @property
    def changes(self) -> tuple[datetime | None, ...]:
        """When time alone changes something: windows, the time of people, and when a Job follows one in vain."""
        window = (self.window.next_open or self.window.next_close) if self.window else None
        expires = self.approval.expires if self.approval and self.unapproved else None
        return window, expires, jobs.due(self.results)


def needs(case: Case) -> frozenset[Need]:
    """Everything that has to be known of versions; one that is not ready has not been measured yet."""
    if case.version.status != READY:
        return frozenset()
    every = [demand.gates for demand in case.demands]
    wanted = [metrics.needs(case, gate) for gates in every for gate in gates.metrics]
    return frozenset().union(*wanted, *(comparisons.needs(case, c) for gates in every for c in gates.comparisons))


def inquiries(case: Case) -> tuple[Inquiry, ...]:
    """Every question to a webhook; of a version that is not ready there is nothing to ask yet."""
    if case.version.status != READY:
        return ()
    return tuple(webhooks.inquiry(case, webhook) for demand in case.demands for webhook in demand.gates.confirmations)


def evaluate(case: Case) -> Checklist:
    """Ask all gates of all who ask."""
    results = [result for demand in case.demands for result in _results(case, demand)]
    window = windows.together([demand.gates.windows for demand in case.demands], case.now)
    return replace(_people(case, results), window=window)


def _results(case: Case, demand: Demand) -> Iterator[GateStatus]:
    """What came out of the gates of one who asks."""
    yield from _measurements(case, demand)
    yield from _validations(case, demand)
    yield from (_confirmed(case, demand, webhook) for webhook in demand.gates.confirmations)
    if demand.gates.windows is not None:
        asked = _Asked(demand.origin, windows.WINDOW, windows.NAME, demand.gates.windows.mode)
        yield _result(asked, windows.judge(demand.gates.windows, case.now))
    yield from _skipped(demand)


def may_validate(case: Case) -> bool:
    """Whether everything that costs no pod is passed, but the windows: they may open when the pods have ended."""
    results = (result for demand in case.demands for result in _measurements(case, demand))
    return all(r.mode == Mode.DRY_RUN or r.result in _THROUGH for r in results)


def late(results: Iterable[GateStatus], found: Mapping[str, JobFound]) -> tuple[GateStatus, ...]:
    """The results of a finished attempt, with those of Jobs that were in nobody's way and have gone on since."""
    return tuple(_late(result, found.get(result.digest or "")) for result in results)


def _late(result: GateStatus, found: JobFound | None) -> GateStatus:
    if found is None or result.mode != Mode.DRY_RUN or result.result is not GateResult.WAITING:
        return result
    asked = _Asked(result.origin, result.type, result.name, Mode.DRY_RUN, result.digest)
    return _result(asked, jobs.outcome(found))


def _measurements(case: Case, demand: Demand) -> Iterator[GateStatus]:
    """What MLflow is asked for."""
    for metric in demand.gates.metrics:
        if not metrics.is_reported(metric):
            asked = _Asked(demand.origin, metrics.METRIC, metric.name, metric.mode, metrics.known_by(case, metric))
            yield _measured(case, asked, metrics.judge(case, metric))
    for comparison in demand.gates.comparisons:
        known_by = comparisons.known_by(case, comparison)
        asked = _Asked(demand.origin, comparisons.COMPARISON, comparison.name, comparison.mode, known_by)
        yield _measured(case, asked, comparisons.judge(case, comparison))


def _validations(case: Case, demand: Demand) -> Iterator[GateStatus]:
    """What pods find out."""
    for job in demand.gates.jobs:
        asked = _Asked(demand.origin, jobs.JOB, job.name, job.mode, jobs.known_by(case, job))
        yield _result(asked, jobs.judge(case, job))
    for metric in demand.gates.metrics:
        if metrics.is_reported(metric):
            asked = _Asked(demand.origin, metrics.METRIC, metric.name, metric.mode)
            yield _result(asked, metrics.judge(case, metric))


def _skipped(demand: Demand) -> Iterator[GateStatus]:
    """The gates that are not asked. None has a digest: nobody who asks later is to find this result."""
    skipped = demand.skipped
    for type_, gates in (
        (metrics.METRIC, skipped.metrics),
        (comparisons.COMPARISON, skipped.comparisons),
        (jobs.JOB, skipped.jobs),
        (webhooks.WEBHOOK, skipped.confirmations),
    ):
        yield from (_result(_Asked(demand.origin, type_, gate.name, gate.mode), _ROLLBACK) for gate in gates)
    if skipped.windows is not None:
        yield _result(_Asked(demand.origin, windows.WINDOW, windows.NAME, skipped.windows.mode), _ROLLBACK)


def _people(case: Case, results: Sequence[GateStatus]) -> Checklist:
    """All results, and behind those of machines what people say, who are asked once all of those are passed."""
    gates = [(demand.origin, demand.gates.approval) for demand in case.demands if demand.gates.approval]
    if not gates:
        return Checklist(tuple(results))
    ready = case.asking.qualified and not Checklist(tuple(results)).obstacles
    found = approval.judge(case, approval.strictest([gate for _, gate in gates]), ready=ready)
    rows = [_result(_Asked(who, approval.APPROVAL, approval.NAME, Mode.ENFORCE), found.outcome) for who, _ in gates]
    return Checklist((*results, *rows), None, found.status, (found.obstacle,) if found.obstacle else ())


@dataclass(frozen=True)
class _Asked:
    """A gate, as its result is told from others."""

    origin: str
    type: str
    name: str
    mode: Mode
    known_by: str | None = None


def _measured(case: Case, asked: _Asked, outcome: Outcome) -> GateStatus:
    """The result of a measurement; what was found before this process began stands until it is looked up again."""
    if asked.known_by is not None and outcome.result is GateResult.WAITING and case.version.status == READY:
        known = remembered(case, asked.type, asked.name, asked.known_by)
        if known is not None:
            return known.model_copy(update={"mode": asked.mode.value, "origin": asked.origin})
    return _result(asked, outcome)


def _confirmed(case: Case, demand: Demand, webhook: Webhook) -> GateStatus:
    """What a webhook answered; until this process has asked it, what the one before it has heard."""
    asked = _Asked(demand.origin, webhooks.WEBHOOK, webhook.name, webhook.mode, webhooks.known_by(case, webhook))
    outcome = webhooks.judge(case, webhook)
    return _result(asked, outcome) if webhooks.is_asked(case, webhook) else _measured(case, asked, outcome)


def _result(asked: _Asked, outcome: Outcome) -> GateStatus:
    return GateStatus(
        name=asked.name,
        type=asked.type,
        mode=asked.mode.value,
        result=outcome.result,
        observed=outcome.observed,
        expected=outcome.expected,
        reason=outcome.reason,
        job=outcome.job,
        message=_cut(outcome.message, _MESSAGE),
        origin=asked.origin,
        digest=asked.known_by,
    )


def _waits(result: GateStatus) -> bool:
    """Whether it is the windows, and they are closed."""
    return result.type == windows.WINDOW and result.result is GateResult.WAITING


def _obstacle(result: GateStatus) -> Unmet:
    if result.type == windows.WINDOW:
        reason, way = ("WindowClosed", Way.TIME) if _waits(result) else ("WindowInvalid", Way.CHANGE)
        return Unmet(reason, f"{result.message}{by(result.origin)}", way)
    own = webhooks.obstacle(result) if result.type == webhooks.WEBHOOK else None
    reason, way = own or _OBSTACLES.get(result.result, ("GateError", Way.WORLD))
    if result.reason:  # somebody has to help, whom the result alone does not name
        reason, way = result.reason, Way.CHANGE
    return Unmet(reason, f"gate {result.name}{by(result.origin)}: {result.message}", way)


def summary(results: Iterable[GateStatus]) -> str | None:
    """The gates that are not passed, in one line; or how many are."""
    every = list(results)
    if not every:
        return None
    open_ = [r for r in every if r.result not in _THROUGH]
    if not open_:
        return f"{len(every)} of {len(every)} passed"
    return _cut("; ".join(_in_short(result) for result in open_), _SUMMARY)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _in_short(result: GateStatus) -> str:
    dry = ", dry run" if result.mode == Mode.DRY_RUN else ""
    facts = f": {result.observed}, expected {result.expected}" if result.observed and result.expected else ""
    return f"{result.name} {result.result}{facts}{dry}{by(result.origin)}"
