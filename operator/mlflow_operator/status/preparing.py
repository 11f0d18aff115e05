"""What is said of a preparation: of the database that it found, of the schema, and of a migration that is to come."""

from mlflow_operator.api.meta import Condition
from mlflow_operator.status import conditions
from mlflow_operator.status.conditions import Answer, Verdict
from mlflow_operator.status.seen import Seen


def database(seen: Seen, _: Condition | None) -> Answer | None:
    """Whether the preparation was let in; None where it has said nothing."""
    if seen.preparation is None:
        return None
    part = seen.preparation.database
    if not part.ok and part.connected:
        return Answer(True, "LoggedIn", "the preparation logged in to the database")
    if part.ok is None or part.reason == "InternalError":
        return Answer("Unknown", part.reason, part.message)
    return Answer(part.ok, "LoggedIn" if part.ok else part.reason, part.message)


def schema(seen: Seen, _: Condition | None) -> Answer | None:
    """Whether the schema is this release's; None where the preparation has said nothing."""
    if seen.preparation is None:
        return None
    part = seen.preparation.database
    if part.connected:
        return Answer(part.ok is True, "UpToDate" if part.ok else part.reason, part.message)
    return Answer("Unknown", part.reason, "the database could not be asked for its schema")


def verdict(seen: Seen) -> Verdict:
    """Where a server stands whose preparation is not over."""
    report, plan = seen.preparation, seen.migration
    for part in (report.database, report.artifacts, report.logins) if report else ():
        if part.ok is False or part.reason == "PreparationFailed":
            make = conditions.stalled if part.terminal else conditions.progressing
            return make(part.reason, part.message)
    if report and report.database.goal:
        return conditions.progressing(report.database.reason, report.database.message)
    if plan:
        message = (
            f"the schema is being migrated from revision {plan.revision} to {plan.to}; what runs goes on meanwhile"
        )
        return conditions.progressing("Migrating", message)
    return conditions.progressing("Preparing", "the database and the artifact store are being prepared")
