"""Who uses the server of this folder: a trainer with two passwords, one after the other, and an authority."""

from cluster.services.team import Team
from e2e.teams import give
from unit.signing import Pair, signed

FIRST, SECOND = "first-password-of-trainer", "second:Pa@ss%word of trainer"
CACHE_SECONDS = 10
"""How long a pod takes a password for right that it has seen to be so."""
AUTHORITY = signed("team authority")


def issue(team: Team) -> Pair:
    """Write a new certificate for all names of the Service into the Secret, and return it."""
    short = f"mlflow.{team.namespace}"
    pair = signed("mlflow", short, f"{short}.svc", f"{short}.svc.cluster.local", by=AUTHORITY)
    values = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": AUTHORITY.certificate}
    give(team, "certificate", "kubernetes.io/tls", **values)
    return pair
