"""What users read of a certificate that ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.desired.external.lifetime import Lifetime
from mlflow_operator.status.expiry import expiry, until_news
from mlflow_operator.status.protection import protection
from unit.desired.servers import EXISTING, server

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWN: dict[str, Any] = EXISTING | {"tls": {"secretName": "certificate"}}
ISSUED: dict[str, Any] = EXISTING | {"tls": {"issuerRef": {"name": "corporate"}}}
DAY = 86400.0


def living(days: float, left: float) -> Lifetime:
    """A certificate for so many days, of which so many are left."""
    ends = NOW + timedelta(days=left)
    return Lifetime(ends - timedelta(days=days), ends)


@pytest.mark.parametrize(
    ("days", "left", "reason"),
    [
        (365, 15, None),
        (365, 14, "CertificateEnds"),
        (90, 14, "CertificateEnds"),
        (30, 6, None),
        (30, 5, "CertificateEnds"),
        (1, 0.2, None),
        (1, 0.1, "CertificateEnds"),
        (90, 0, "CertificateEnded"),
        (90, -400, "CertificateEnded"),
    ],
)
def test_a_certificate_is_told_of_when_it_should_have_been_renewed(days: float, left: float, reason: str) -> None:
    """Two weeks before its end, and of a short life when a sixth is left: cert-manager renews at a third."""
    found = expiry(server(OWN), living(days, left), NOW)
    assert (found and found.reason) == reason


@pytest.mark.parametrize(
    ("spec", "words"), [(OWN, "write a new one there"), (ISSUED, "kubectl describe certificate mlflow-certificate")]
)
def test_the_moment_and_what_helps_are_told(spec: dict[str, Any], words: str) -> None:
    """Whoever makes it; no word of it changes from pass to pass."""
    before = expiry(server(spec), living(90, 2), NOW)
    assert before
    assert words in before.message
    assert "ends at 2026-03-03 12:00 UTC" in before.message
    assert expiry(server(spec), living(90, 2), NOW + timedelta(hours=1)) == before
    after = expiry(server(spec), living(90, -2), NOW)
    assert after
    assert "ended at 2026-02-27 12:00 UTC" in after.message


@pytest.mark.parametrize(
    ("days", "left", "seconds"),
    [(365, 20, 6 * DAY), (365, 14, 14 * DAY), (365, 3, 3 * DAY), (365, -1, float("inf"))],
)
def test_the_server_is_looked_at_when_there_is_something_to_say(days: float, left: float, seconds: float) -> None:
    """First that it ends, then that it has; nothing is looked at more often for it."""
    assert until_news(living(days, left), NOW) == seconds


def test_without_a_certificate_nothing_is_said() -> None:
    """Nor waited for."""
    assert expiry(server(EXISTING), None, NOW) is None
    assert until_news(None, NOW) == float("inf")


def test_what_is_worse_is_told_first() -> None:
    """A server that is open to all stays so, with the end of its certificate beside it."""
    ends = expiry(server(OWN), living(90, 2), NOW)
    assert ends
    opened = protection(server(OWN), None, ends)
    assert opened
    assert opened.reason == "NoLogin"
    assert opened.message.endswith(ends.message)
    closed = server(OWN | {"auth": {"basic": {}}})
    assert protection(closed, strangers_pass=False, certificate=ends) == ends
    assert protection(closed, None, ends) == ends
