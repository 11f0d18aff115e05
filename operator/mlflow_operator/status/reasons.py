"""Every reason that a ModelPromotion's Ready can have: the phase, what it means, and what helps.

docs/modelpromotion.md has this table too, written from here by ``make generate``.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Standing(NamedTuple):
    """What a reason means for tools that wait."""

    ready: str
    """Status of Ready."""
    kind: str = ""
    """The condition beside it that is True; empty: none."""


DONE = Standing("True")
AT_IT = Standing("False", "Reconciling")
UNKNOWN = Standing("Unknown", "Reconciling")
STALLED = Standing("False", "Stalled")
PAUSED = Standing("False", "Suspended")


class Meaning(NamedTuple):
    """Reasons that mean the same."""

    phase: str | None
    """None: the phase stays as it was."""
    reasons: tuple[str, ...]
    standing: Standing
    means: str
    """In Markdown."""
    helps: str
    """What to do, in Markdown; empty: nothing has to be done."""


MEANINGS: tuple[Meaning, ...] = (
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
        "Waiting",
        ("GatePending",),
        AT_IT,
        "a metric is being looked up, a Job is at work, or a webhook asked",
        "wait; the message names the Job",
    ),
    Meaning(
        "Waiting",
        ("ConfirmationPending",),
        AT_IT,
        "a [webhook](webhooks.md#confirm) has answered that the version may not be moved yet",
        "whoever it waits for; it is asked again",
    ),
    Meaning(
        "Waiting",
        ("GateError",),
        AT_IT,
        "MLflow or a webhook did not answer to a question of a gate, or a Job ended without an answer",
        "see the message, and the server or the webhook; it is asked again",
    ),
    Meaning(
        "AwaitingWindow",
        ("WindowClosed",),
        PAUSED,
        "everything else is passed, and the windows are closed",
        "wait; `status.window` says until when",
    ),
    Meaning(
        "AwaitingApproval",
        ("ApprovalRequired",),
        PAUSED,
        "everything that machines can say is passed, and people have to approve",
        "[run the command](approvals.md#approve-reject-take-back) of the message",
    ),
    Meaning(
        "Inconclusive",
        ("GateInconclusive",),
        PAUSED,
        "a metric is NaN, ambiguous or not there, and a person has to decide",
        "[see gates.md](gates.md#results)",
    ),
    Meaning(
        "Waiting",
        ("ServerNotFound",),
        AT_IT,
        "no MLflowServer of that name in the namespace",
        "create it, or a new claim with another `serverRef`",
    ),
    Meaning(
        "Failed",
        ("RefNotPermitted",),
        STALLED,
        "no MLflowServer of that name in the other namespace takes claims of this one",
        "its owner [allows it](mlflowserver.md#who-may-promote-on-it), or correct `serverRef`",
    ),
    Meaning("Waiting", ("ServerNotReady",), AT_IT, "the server has not answered yet", "see `kubectl get mls`"),
    Meaning("Waiting", ("SecretNotFound",), AT_IT, "the Secret of an external server is missing", "create it"),
    Meaning("Waiting", ("SecretKeyNotFound",), AT_IT, "that Secret lacks a key", "add it"),
    Meaning(
        "Waiting",
        ("ConfigMapNotFound", "ConfigMapKeyNotFound"),
        AT_IT,
        "the authorities of an external server are missing, or their key",
        "create it, or add it",
    ),
    Meaning(
        "Waiting",
        ("RegistryUnavailable",),
        UNKNOWN,
        "MLflow did not answer, or with a server error; a settled claim says so after three polls without an answer",
        "see the server; it is retried",
    ),
    Meaning(
        "Waiting",
        ("CertificateNotTrusted",),
        UNKNOWN,
        "the certificate of MLflow has expired, is for another host, or is signed by nobody who is trusted",
        "as the message says; see the server",
    ),
    Meaning(
        "Waiting",
        ("ReadsBehindWrites",),
        UNKNOWN,
        "MLflow reads from a replica that has not followed the write yet",
        "wait; if it stays, look at the database's replication",
    ),
    Meaning(
        "Waiting",
        ("NotMLflow",),
        UNKNOWN,
        "something answered that is not MLflow",
        "check the server's URL, and proxies in between",
    ),
    Meaning(
        "Waiting",
        ("AnswerTooLarge", "AnswerCompressed", "PageRepeated", "ListTooSlow", "ModelKeepsChanging"),
        UNKNOWN,
        "an answer that is not read to its end",
        "[see the server](mlflowserver.md#reasons-of-serverready-and-experimentsready)",
    ),
    Meaning("Waiting", ("ClusterUnavailable",), UNKNOWN, "the Kubernetes API did not answer", "nothing; it is retried"),
    Meaning(
        "Waiting",
        ("PassTimeout",),
        UNKNOWN,
        "looking at it, and writing what follows, took longer than two minutes and was given up",
        "nothing; it is tried again. If it stays: what is slow, MLflow or the Kubernetes API?",
    ),
    Meaning(
        "Waiting",
        ("InternalError",),
        AT_IT,
        "something unforeseen",
        "the operator's log has the details; please report it",
    ),
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
        "Failed",
        ("WorkspaceNotAllowed",),
        STALLED,
        "`serverRef.workspace` is another one than that of the MLflowServer",
        "leave it out, or refer to another MLflowServer",
    ),
    Meaning(
        "Refused",
        ("InputExampleMissing",),
        STALLED,
        "the model has no input example",
        "log it with one, take the new version",
    ),
    Meaning("Refused", ("TooOld",), STALLED, "the version is older than `maxAge`", "take a newer one"),
    Meaning(
        "Refused",
        ("GateFailed",),
        STALLED,
        "a gate is not passed; the message has what was found, and what it has to be",
        "take a better version, or have the gate changed",
    ),
    Meaning(
        "Refused",
        ("WebhookNotAllowed",),
        STALLED,
        "a webhook is where the operator does not go",
        "[correct its URL, or have the host allowed](webhooks.md#where-they-may-be)",
    ),
    Meaning(
        "Failed",
        ("PolicyUnreadable",),
        STALLED,
        "a [policy](policies.md#when-it-changes) is of a newer release of the operator, so nobody knows what it asks",
        "upgrade the operator",
    ),
    Meaning(
        "Refused",
        ("Rejected",),
        STALLED,
        "somebody has [rejected](approvals.md) the attempt; the message says who and why",
        "change the claim, or ask once more by `reassert`",
    ),
    Meaning(
        "Refused",
        ("ApprovalTimedOut",),
        STALLED,
        "too few have approved it in time",
        "ask once more by `reassert`, or change the claim",
    ),
    Meaning(
        "Refused",
        ("RequesterUnknown",),
        STALLED,
        "nobody knows [who has asked](approvals.md#who-has-asked), so it could be who approves",
        "annotate `requested-by` with your user name",
    ),
    Meaning(
        "Refused",
        ("ApproversUnchecked",),
        STALLED,
        "nobody checks [who approves](approvals.md#without-admission-policies)",
        "the platform turns on `admission.enabled`",
    ),
    Meaning(
        "Refused",
        ("JobGatesOff",),
        STALLED,
        "this operator starts no pods for claims",
        "[turn them on](gates.md#who-may-start-pods), or take the gate out",
    ),
    Meaning(
        "Refused",
        ("JobRefused", "JobInvalid"),
        STALLED,
        "the API server did not take the Job: a quota, a policy, or a template that is none",
        "see the message; a refused one is tried again each minute",
    ),
    Meaning("Refused", ("JobConflict",), STALLED, "another object has the name of the Job", "delete it"),
    Meaning(
        "Refused",
        ("JobDeadlineExceeded", "JobPodLost"),
        STALLED,
        "three Jobs in a row ended without an answer",
        "[see gates.md](gates.md#errors)",
    ),
    Meaning(
        "Refused",
        (
            "ImagePullFailed",
            "PodNotStarted",
            "PodsRefused",
            "Unschedulable",
            "VolumePending",
            "NodeLost",
            "PodNotEnding",
            "PredecessorLeaving",
        ),
        STALLED,
        "the pod of a gate has not come to run for three minutes; it goes on by itself when it does",
        "[see gates.md](gates.md#errors)",
    ),
    Meaning(
        "Refused",
        ("WindowInvalid",),
        STALLED,
        "a time zone or a cron expression says nothing",
        "correct `gates.windows`",
    ),
    Meaning(
        "Failed",
        ("InvalidUrl", "HostNotAllowed", "AddressNotAllowed"),
        STALLED,
        "the URL of the server is none, or leads where the operator does not go",
        "[see the server](mlflowserver.md#reasons-of-serverready-and-experimentsready)",
    ),
    Meaning(
        "Failed",
        ("CaBundleInvalid",),
        STALLED,
        "the authorities of an external server are no certificates in PEM",
        "[see the server](mlflowserver.md#reasons-of-ready)",
    ),
    Meaning(
        "Failed",
        ("SecretNotOffered", "SecretNotUsable"),
        STALLED,
        "the Secret of the server may not, or cannot, be sent to it",
        "[see the server](mlflowserver.md#reasons-of-ready)",
    ),
    Meaning(
        "Waiting",
        ("AccessDenied",),
        UNKNOWN,
        "MLflow answers 401 or 403, as while credentials are exchanged",
        "wait for three minutes",
    ),
    Meaning(
        "Failed",
        ("AccessDenied",),
        STALLED,
        "MLflow has answered 401 or 403 for three minutes",
        "the Secret of the server; the hosts that it accepts",
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


def table() -> Iterator[str]:
    """The lines of the page's table."""
    yield "| Phase | Reason | Ready | Kind | Meaning | What to do |"
    yield "|---|---|---|---|---|---|"
    for each in MEANINGS:
        reasons = ", ".join(f"`{reason}`" for reason in each.reasons)
        cells = (each.phase, reasons, each.standing.ready, each.standing.kind, each.means, each.helps)
        yield f"| {' | '.join(cell or NOTHING for cell in cells)} |"


NOTHING = "\N{EN DASH}"
