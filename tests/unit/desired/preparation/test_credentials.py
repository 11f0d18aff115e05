"""What must not be told, and blanks where nobody sees them."""

import pytest

from mlflow_operator.desired.preparation.program.credentials import (
    OF_DATABASE,
    URI,
    ending_in_whitespace,
    without_secrets,
)


def test_no_secret_stays_in_foreign_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, quoted for a URL, without its line end, and the password of a URI."""
    monkeypatch.setenv("PGPASSWORD", "pass/word\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-store")
    monkeypatch.setenv(URI, "mysql://u:o%2Fther@host/db")
    monkeypatch.setenv("PREPARE_PASSWORD_12", "of-a-user")
    assert without_secrets("a of-a-user b") == "a *** b"
    text = without_secrets("a pass/word b pass%2Fword c of-the-store d o/ther e mysql://u:o%2Fther@host/db")
    assert text == "a *** b *** c *** d *** e mysql://u:***@host/db"


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("PGPASSWORD", "word\n", ["the password"]),
        ("PGPASSWORD", "wo rd", []),
        ("PGUSER", "anna ", ["the user name"]),
        (URI, "mysql://u:p@host/db\n", ["the URI"]),
        (URI, "mysql://u:p%0A@host/db", ["the password in the URI"]),
        (URI, "mysql://[::1/", []),
    ],
)
def test_a_line_end_behind_a_credential_is_found(
    name: str, value: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one it is, in words, and never its value."""
    monkeypatch.setenv(name, value)
    assert ending_in_whitespace(OF_DATABASE) == found
