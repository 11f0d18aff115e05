"""What users are told: conditions, and the status of a server."""

from mutants.mutant import mutant

CONDITIONS, SERVER, PREPARATION = "status/conditions.py", "status/server.py", "status/preparation.py"
ROLLOUT, PREPARATIONS, WAITS = "status/rollout.py", "status/preparations.py", "status/waits.py"

MUTANTS = (
    mutant(
        PREPARATIONS,
        "a preparation at work is deleted",
        "return [job for job in self.staying() if not self.at_work(job) and not",
        "return [job for job in self.staying() if not",
        "status",
    ),
    mutant(PREPARATIONS, "a sidecar ends the preparation", 'if c["name"] == CONTAINER', "if True", "status"),
    mutant(
        PREPARATIONS,
        "one that is being deleted is in the way no more",
        "(job for job in self.jobs if job[",
        "(job for job in self.staying() if job[",
        "status",
    ),
    mutant(
        SERVER,
        "the memory outlives another preparation",
        "seen.stores if seen.prepared else None",
        "seen.stores",
        "status",
    ),
    mutant(SERVER, "a stuck upgrade does not warn", "    if before == wanted:\n", "    if True:\n", "status"),
    mutant(SERVER, "ServerReady keeps what was", '"Unknown", "NotAsked"', '"True", "NotAsked"', "status"),
    mutant(
        WAITS, "waiting has no end", "return self.final or now - self.since >= PATIENCE", "return self.final", "status"
    ),
    mutant(WAITS, "a full class is a full node", "if _OF_VOLUMES.search(told):", "if False:", "status"),
    mutant(
        WAITS, "a volume that was late is told for an hour", "if not _has_begun(pod) and (event", "if (event", "status"
    ),
    mutant(
        WAITS,
        "a lost node has no name",
        'if (event := self._event(pod, "NodeNotReady"))',
        "if (event := None)",
        "status",
    ),
    mutant(WAITS, "a node that is back is lost for an hour", " and _when(event) >= _latest(pod)", "", "status"),
    mutant(
        WAITS,
        "what does not go is waited for in silence",
        'if "deletionTimestamp" in leaving["metadata"]:',
        "if False:",
        "status",
    ),
    mutant(
        WAITS, "what is about to go is trouble", "_OVERDUE = timedelta(seconds=30)", "_OVERDUE = timedelta(0)", "status"
    ),
    mutant(WAITS, "who holds it is not named", "    if held:\n", "    if False:\n", "status"),
    mutant(
        WAITS,
        "exit code 0 is no crash",
        "    if component == names.PREPARE or end is None or",
        "    if component == names.PREPARE or not (end or {}).get('exitCode') or",
        "status",
    ),
    mutant(
        WAITS,
        "the server is told before its database",
        "(cause for component in SUBJECTS for",
        "(cause for component in reversed(SUBJECTS) for",
        "status",
    ),
    mutant(
        SERVER, "a lost predecessor is waited for", "if _holds_up(seen.cause, outcome) else", "if False else", "status"
    ),
    mutant(
        PREPARATIONS,
        "a Job goes with its last container",
        'if c["name"] != CONTAINER)',
        'if True) or pod["status"]["phase"] == "Running"',
        "status",
    ),
    mutant(WAITS, "a login is told", '_LOGIN.sub("…@", ', "str(", "status"),
    mutant(WAITS, "a raised quota is still told", 'not status.get("active") and', "", "status"),
    mutant(WAITS, "ready pods are waited for", "return not ready and not ended", "return not ended", "status"),
    mutant(
        CONDITIONS,
        "every look moves the transition time",
        "before.last_transition_time if before and before.status == word else now",
        "now",
        "status",
    ),
    mutant(CONDITIONS, "a transition keeps the old time", "before and before.status == word", "before", "status"),
    mutant(
        CONDITIONS,
        "a message of any length",
        "message if len(message) <= _LONGEST else",
        "message if True else",
        "status",
    ),
    mutant(
        CONDITIONS,
        "the text of an unforeseen exception is shown",
        'f"unexpected {type(error).__name__}; the',
        'f"unexpected {error}; the',
        "status",
    ),
    mutant(CONDITIONS, "nobody answers, and Ready is False", "message, unknown=True)", "message)", "status"),
    mutant(
        CONDITIONS,
        "a final error is retried in words",
        "return stalled(error.reason",
        "return progressing(error.reason",
        "status",
    ),
    mutant(CONDITIONS, "Stalled is never shown", 'if verdict.state == "Stalled":', "if False:", "status"),
    mutant(CONDITIONS, "Suspended is never shown", 'if verdict.state == "Suspended":', "if False:", "status"),
    mutant(
        CONDITIONS,
        "what is suspended is not Reconciling",
        'if verdict.state in ("Progressing", "Suspended"):',
        'if verdict.state == "Progressing":',
        "status",
    ),
    mutant(
        CONDITIONS,
        "conditions of the last generation",
        "observed_generation=generation,",
        "observed_generation=generation - 1,",
        "status",
    ),
    mutant(
        ROLLOUT,
        "a rollout of an older generation counts",
        "return cls(seen and as_wanted,",
        "return cls(as_wanted,",
        "status",
    ),
    mutant(
        ROLLOUT,
        "pods that are being replaced count",
        'for n in ("replicas", "updatedReplicas", "availableReplicas"))\n        conditions_',
        'for n in ("replicas", "availableReplicas"))\n        conditions_',
        "status",
    ),
    mutant(
        SERVER, "a stuck rollout goes on", "if seen.rollout is not None and seen.rollout.stuck:", "if False:", "status"
    ),
    mutant(
        SERVER,
        "no patience with endpoints",
        "_ENDPOINTS_FOLLOW = timedelta(seconds=30)",
        "_ENDPOINTS_FOLLOW = timedelta(seconds=0)",
        "status",
    ),
    mutant(
        SERVER,
        "patience without end",
        "_ENDPOINTS_FOLLOW = timedelta(seconds=30)",
        "_ENDPOINTS_FOLLOW = timedelta(days=30)",
        "status",
    ),
    mutant(SERVER, "patience with what only a user can mend", "or api.ok or api.terminal:", "or api.ok:", "status"),
    mutant(
        SERVER,
        "a failure forgets what is known",
        "if answer is None and before is not None and outcome is not None:",
        "if False:",
        "status",
    ),
    mutant(
        SERVER,
        "the schema's failure is the database's",
        "if part.ok is False and part.connected:",
        "if False:",
        "status",
    ),
    mutant(
        SERVER,
        "suspend is not shown",
        "if server.spec.suspend:\n        return conditions",
        "if False:\n        return conditions",
        "status",
    ),
    mutant(
        SERVER,
        "hibernation is not shown",
        "if server.spec.hibernate:\n        return conditions",
        "if False:\n        return conditions",
        "status",
    ),
    mutant(
        SERVER,
        "no replicas are an error",
        "if server.spec.replicas == 0:\n        return conditions",
        "if False:\n        return conditions",
        "status",
    ),
    mutant(
        SERVER,
        "a server without preparation rolls out",
        "if not seen.prepared:\n        told = ",
        "if False:\n        told = ",
        "status",
    ),
    mutant(
        SERVER,
        "an annotation makes a ready server unready",
        "if seen.rollout is not None and not seen.rollout.observed and _is_ready(server):",
        "if False:",
        "status",
    ),
    mutant(
        SERVER,
        "a failed preparation of the user's goes on",
        "conditions.stalled if part.terminal else conditions.progressing",
        "conditions.progressing",
        "status",
    ),
    mutant(
        SERVER,
        "Ready without experiments",
        "for type_ in (SERVER, EXPERIMENTS, ARTIFACTS):",
        "for type_ in (SERVER, ARTIFACTS):",
        "status",
    ),
    mutant(
        SERVER,
        "Ready without artifacts",
        "for type_ in (SERVER, EXPERIMENTS, ARTIFACTS):",
        "for type_ in (SERVER, EXPERIMENTS):",
        "status",
    ),
    mutant(
        SERVER,
        "a new release is told while pods are exchanged",
        "return (seen.version or settled.version) if settled else None",
        "return seen.version or (settled.version if settled else None)",
        "status",
    ),
    mutant(PREPARATION, "any document is a report", "if ok not in (True, False, None) or", "if False or", "status"),
    mutant(PREPARATION, "nothing is the user's to mend", 'document.get("terminal") is True', "False", "status"),
    mutant(PREPARATION, "the whole log is in the status", "[-_LONGEST:]", "", "status"),
)
