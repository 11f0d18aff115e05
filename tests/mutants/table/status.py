"""What users are told: conditions, and the status of a server."""

from mutants.mutant import mutant

CONDITIONS, SERVER, PREPARATION = "status/conditions.py", "status/server.py", "status/preparation.py"

MUTANTS = (
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
        SERVER,
        "a rollout of an older generation counts",
        "return cls(seen and as_wanted,",
        "return cls(as_wanted,",
        "status",
    ),
    mutant(
        SERVER,
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
        SERVER, "the schema's failure is the database's", "if part.reason in _SCHEMA_REASONS:", "if False:", "status"
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
        "if not seen.prepared:\n        return _preparing",
        "if False:\n        return _preparing",
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
