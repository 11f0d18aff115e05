"""Jobs that validate a version: one for each question, and nothing is written before it has answered."""

from mutants.mutant import mutant

JOBS, CHECKLIST, FACTS = "promotion/gates/jobs.py", "promotion/gates/checklist.py", "promotion/facts.py"
ASKED, SEEN, JOB = "reconcile/evidence/jobs.py", "status/gate_jobs.py", "desired/gates/job.py"
COLLECT, PASS, OBJECTS, EVENTS = (
    "reconcile/evidence/collect.py",
    "reconcile/promotions/promotion.py",
    "reconcile/objects.py",
    "reconcile/events.py",
)
CORE, PASSES = ("promotion", "reconcile/gates/test_gate_jobs.py"), "reconcile/gates/test_gate_jobs.py"
STATUS, DESIRED = "status/test_gate_jobs.py", "desired/test_gate_job.py"

MUTANTS = (
    mutant(JOBS, "an answer is of any version", "origins = [_origin(case.version), ", "origins = [", *CORE),
    mutant(JOBS, "an answer is of any baseline", "_origin(other) if other else None]", "]", *CORE),
    mutant(JOBS, "an answer is of any attempt", "[attempt, asked, origins]", "[asked, origins]", *CORE),
    mutant(JOBS, "an answer is of any template", "[attempt, asked, origins]", "[attempt, origins]", *CORE),
    mutant(JOBS, "a dry run is another question", ', exclude={"mode"})', ")", *CORE),
    mutant(JOBS, "an answer is forgotten with its Job", "    if _stands(entry):\n", "    if False:\n", *CORE),
    mutant(JOBS, "errors are tried for ever", "entry.job.tries >= MOST_TRIES", "False", *CORE),
    mutant(JOBS, "errors are tried at once", "if now >= follows else None", "if True else None", *CORE),
    mutant(
        JOBS, "what is not reported is passed", "return absent(gate, f", "return Outcome(GateResult.PASSED, f", *CORE
    ),
    mutant(CHECKLIST, "Jobs are not asked", "    yield from _validations(case, demand)\n", "", *CORE),
    mutant(CHECKLIST, "a reason is nobody's", "    if result.reason:  #", "    if False:  #", *CORE),
    mutant(
        CHECKLIST,
        "pods are started in any case",
        "r.result in _THROUGH for r in results)",
        "True for r in results)",
        *CORE,
    ),
    mutant(
        CHECKLIST,
        "a dry run is never heard of",
        "return tuple(_late(result, found.get(result.digest or",
        "return tuple(_late(result, {}.get(result.digest or",
        *CORE,
    ),
    mutant(FACTS, "requirements cost a pod", "if case is None or self.unmet or", "if case is None or", *CORE),
    mutant(FACTS, "a dry run ends with the attempt", "if self.case is None else {}", "if False else {}", PASSES),
    mutant(ASKED, "job gates cannot be turned off", "if not world.settings.job_gates:", "if False:", PASSES),
    mutant(ASKED, "anybody's Job will do", 'if claim.metadata.uid not in [o["uid"]', 'if "" in [o["uid"]', PASSES),
    mutant(ASKED, "Jobs stay for ever", "going = await world.cluster.delete(job)", "going = None", PASSES),
    mutant(ASKED, "a suspended claim loses its Job", "if claim.spec.suspend or", "if", PASSES),
    mutant(ASKED, "a Job is not looked at again", "        return _AT_WORK", "        return None", PASSES),
    mutant(PASS, "Jobs outlive their attempt", "if is_settled(self.claim):  #", "if False:  #", PASSES),
    mutant(PASS, "a dry run begins too late", "if anew and facts.trials:", "if False:", PASSES),
    mutant(
        COLLECT,
        "nobody hears of the end of a Job",
        "        watch.jobs[owner] = found\n        world.queue.add(owner)",
        "        watch.jobs[owner] = found",
        PASSES,
    ),
    mutant(
        OBJECTS, "a Job of a claim is nobody's", 'if o["kind"] in (SERVER, PROMOTION)', 'if o["kind"] == SERVER', PASSES
    ),
    mutant(
        SEEN, "the exit code does not count", "if code == 0 and passed is not False:", "if passed is not False:", STATUS
    ),
    mutant(SEEN, "a report does not count", "if code == 0 and passed is not False:", "if code == 0:", STATUS),
    mutant(SEEN, "what cannot be read is passed", "GateResult.INCONCLUSIVE", "GateResult.PASSED", STATUS),
    mutant(SEEN, "NaN is a number", "text, parse_constant=_no_number", "text", STATUS),
    mutant(SEEN, "anybody's pod will do", 'any(o.get("controller") and', "any(True or", STATUS),
    mutant(SEEN, "an evicted pod has answered", ' or pod.get("status", {}).get("reason") == "Evicted"', "", STATUS),
    mutant(SEEN, "a deadline is an answer", 'if over.get("reason") == "DeadlineExceeded":', "if False:", STATUS),
    mutant(JOB, "a template may ask for root", ' | {"runAsNonRoot": True}', "", DESIRED),
    mutant(JOB, "a token comes unasked", "wanted.automount_service_account_token or False", "True", DESIRED),
    mutant(
        JOB,
        "a Service may find the pod",
        "{**meta.labels, **names.gate_labels()}",
        "{**names.gate_labels(), **meta.labels}",
        DESIRED,
    ),
    mutant(
        JOB,
        "a log is an answer",
        '"terminationMessagePolicy": "File"',
        '"terminationMessagePolicy": "FallbackToLogsOnError"',
        DESIRED,
    ),
)
