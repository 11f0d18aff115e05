"""What the version lacks."""

from mlflow_operator.status.reasons.meaning import AT_IT, STALLED, Meaning

MEANINGS = (
    Meaning(
        "Waiting",
        ("VersionNotFound",),
        AT_IT,
        "model or version is not registered; the message names the newest",
        "register it, or correct `model` and `version`",
    ),
    Meaning("Waiting", ("RegistrationPending",), AT_IT, "MLflow has not finished registering it", "wait"),
    Meaning("Waiting", ("WrongStage",), AT_IT, "the version is in none of `currentStage`", "promote it there first"),
    Meaning(
        "Waiting", ("TagMissing",), AT_IT, "a required tag is not there yet", "whoever vouches for it sets the tag"
    ),
    Meaning(
        "Waiting",
        ("SoakPending",),
        AT_IT,
        "the version is not in the slot of `minSoak`, or not for long enough",
        "wait; the message says until when",
    ),
    Meaning(
        "Refused",
        ("RegistrationFailed",),
        STALLED,
        "MLflow could not register the version",
        "register the model again, take the new version",
    ),
    Meaning(
        "Refused", ("SignatureMissing",), STALLED, "the model has no signature", "log it with one, take the new version"
    ),
    Meaning(
        "Refused",
        ("TagRefused",),
        STALLED,
        "a required tag has another value",
        "have it vouched for, or take another version",
    ),
    Meaning(
        "Refused",
        ("InputExampleMissing",),
        STALLED,
        "the model has no input example",
        "log it with one, take the new version",
    ),
    Meaning("Refused", ("TooOld",), STALLED, "the version is older than `maxAge`", "take a newer one"),
)
