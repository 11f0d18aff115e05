"""The Jobs of a claim's gates: started when everything cheaper is passed, read when they end, deleted when nobody asks.

A Job has the name of what it is to find out, and is created, never changed: who is killed in between finds it there.
"""

from collections.abc import Mapping
from dataclasses import replace

from mlflow_operator import desired
from mlflow_operator.api.gates.gates import GateJob, GateResult
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.clients.cluster import without_managed_fields
from mlflow_operator.desired import names
from mlflow_operator.engine.queue import Key
from mlflow_operator.engine.store import Object
from mlflow_operator.errors import ApiError, Conflict
from mlflow_operator.promotion.evidence import JobFound
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.gates import jobs
from mlflow_operator.promotion.gates.jobs import Trial
from mlflow_operator.reconcile import objects
from mlflow_operator.reconcile.objects import PROMOTION
from mlflow_operator.reconcile.world import World
from mlflow_operator.status import gate_jobs, preparations

_AT_WORK, _REFUSED = 15.0, 60.0
"""Seconds until a Job is looked at again that has not ended, and until one is tried again that was refused."""


def is_due(world: World, facts: Facts, known: Mapping[str, JobFound]) -> bool:
    """Whether there is something to do about the Jobs of a claim at once."""
    may = facts.may_validate or not world.settings.job_gates
    asked = [trial.known_by for trial in facts.trials if may]
    return any(digest not in known for digest in (*asked, *facts.going_on)) or bool(_superfluous(world, facts))


async def find_out(world: World, facts: Facts) -> dict[str, JobFound]:
    """What is to be said of each Job of a claim by the digest of its question; those that may start are started.

    Raises:
        ClusterUnavailable, ApiError: Nobody can say.
        OperatorError: The MLflowServer cannot be reached as it is described.
    """
    found = {}
    for trial in facts.trials:
        seen = await _of(world, facts, trial)
        if seen is not None:
            found[trial.known_by] = seen
    for digest, job in facts.going_on.items():
        found[digest] = await _gone_on(world, facts.claim, job)
    return found


async def clean_up(world: World, facts: Facts) -> None:
    """Delete the Jobs that nobody asks for any more: of another version, or of an attempt that is over."""
    for job in _superfluous(world, facts):
        going = await world.cluster.delete(job)
        if going is not None:  # the watch may be late, and another pass would delete it once more
            world.store.put("Job", without_managed_fields(going))


def rest(found: Mapping[str, JobFound]) -> float | None:
    """Seconds until Jobs are looked at again; None: there is none that changes by itself."""
    if any(each.result is GateResult.WAITING for each in found.values()):
        return _AT_WORK
    return _REFUSED if found else None


async def _of(world: World, facts: Facts, trial: Trial) -> JobFound | None:
    """What is to be said of one; None where it has to wait for other gates."""
    claim = facts.claim
    name = names.gate_job(claim.metadata.name, trial.gate.name, trial.known_by, trial.tries)
    about = GateJob(name=name, tries=trial.tries)
    if not world.settings.job_gates:
        return gate_jobs.refused(about, "JobGatesOff", _OFF)
    job = world.store.get("Job", claim.metadata.namespace, name)
    if job is None and not facts.may_validate:
        return None
    begun = job or await _begun(world, claim, trial, about)
    return begun if isinstance(begun, JobFound) else await _seen(world, claim, begun, about)


_OFF = (
    "this operator starts no pods for claims, since nobody asks whether their writers may; whoever runs it sets "
    "admission.enabled or settings.jobGates in its chart"
)


async def _begun(world: World, claim: ModelPromotion, trial: Trial, about: GateJob) -> Object | JobFound:
    """Start a Job; the one of its name where somebody was faster, as this process may have been before it died."""
    server = objects.server(world.store, claim.server_namespace, claim.spec.server_ref.name)
    if server is None:
        return gate_jobs.waiting(about, "its MLflowServer does not exist")
    where = desired.endpoint(server, world.settings.cluster_domain).within(claim.spec.server_ref.workspace or "")
    job = desired.gate_job(claim, trial.gate, about.name, trial.about, where, user_ids=world.settings.user_ids)
    try:
        made = without_managed_fields(await world.cluster.create(job))
    except Conflict:
        there = await world.cluster.get("Job", claim.metadata.namespace, about.name)
        return there or gate_jobs.waiting(about, f"Job {about.name} is being started")
    except ApiError as error:
        invalid = error.status in (400, 422)
        advice = "correct its template" if invalid else "raise the quota, or give it what the policy asks for"
        message = f"Job {about.name} was refused: {error.message}; {advice}"
        return gate_jobs.refused(about, "JobInvalid" if invalid else "JobRefused", message)
    world.store.put("Job", made)
    return made


async def _seen(world: World, claim: ModelPromotion, job: Object, about: GateJob) -> JobFound:
    """How a Job is; only its own pods are asked, and only its own claim asks."""
    meta, namespace = job["metadata"], claim.metadata.namespace
    if claim.metadata.uid not in [o["uid"] for o in meta.get("ownerReferences", []) if o.get("controller")]:
        message = f"Job {about.name} exists and is not of this claim; delete it"
        return gate_jobs.refused(about, "JobConflict", message)
    pods = await world.cluster.list("Pod", namespace, labels=f"batch.kubernetes.io/controller-uid={meta['uid']}")
    over = preparations.ended(job)
    warnings = [] if over else await world.cluster.list("Event", namespace, fields="type=Warning")
    return gate_jobs.found(job, pods, warnings, about.tries, world.clock())


async def _gone_on(world: World, claim: ModelPromotion, about: GateJob) -> JobFound:
    """How a Job is whose version was promoted meanwhile; nobody starts another one."""
    job = world.store.get("Job", claim.metadata.namespace, about.name)
    if job is None or "deletionTimestamp" in job["metadata"]:
        return JobFound(GateResult.ERROR, f"Job {about.name} was deleted before it ended", about)
    seen = await _seen(world, claim, job, about)
    if seen.result is not GateResult.ERROR or seen.job.finished_at is None:
        return seen
    return replace(seen, message=f"Job {about.name} ended without an answer", reason=None)


def _superfluous(world: World, facts: Facts) -> list[Object]:
    """Jobs of a claim that nobody asks for; none while it is suspended, or MLflow does not show the model."""
    claim = facts.claim
    if claim.spec.suspend or not facts.snapshot.versions:
        return []
    name = claim.metadata.name
    kept = jobs.kept(facts.case) if facts.case and world.settings.job_gates else ()
    wanted = {job.name for job in facts.going_on.values()}
    for gate, known_by, tries in kept:
        wanted.add(names.gate_job(name, gate, known_by, tries))
    me = Key(PROMOTION, claim.metadata.namespace, name)
    there = objects.owned(world.store, me, claim.metadata.uid)
    return [j for j in there if j["metadata"]["name"] not in wanted and "deletionTimestamp" not in j["metadata"]]
