"""What has become of a claim, or of the slot."""

from mlflow_operator.status.reasons.meaning import AT_IT, DONE, PAUSED, STALLED, Meaning

MEANINGS = (
    Meaning("Promoted", ("Promoted",), DONE, "the version holds the slot, alone where it has to be", ""),
    Meaning(
        "PromotedOnward",
        ("PromotedOnward",),
        DONE,
        "the version has gone on to a higher stage, and may have been archived there since",
        "",
    ),
    Meaning(
        "DryRun", ("DryRunSucceeded",), DONE, "`status.plan` says what would be written", "set `dryRun: false` to do it"
    ),
    Meaning("Promoting", ("Promoting",), AT_IT, "the intent is written, MLflow is being changed", "wait a second"),
    Meaning(
        "Conflict",
        ("Conflict",),
        STALLED,
        "[another claim has the slot](#two-claims-on-one-slot)",
        "delete one of both",
    ),
    Meaning(
        "Drifted", ("DriftDetected",), STALLED, "somebody else has moved the slot", "[accept it or put it back](#drift)"
    ),
    Meaning(
        None,
        ("SpecUnreadable",),
        STALLED,
        "the spec has something that this release of the operator does not know",
        "upgrade the operator, or write what it knows",
    ),
    Meaning("Suspended", ("Suspended",), PAUSED, "`suspend` is true", "set it to false"),
)
