"""Which URIs ask for the certificate of their database."""

import pytest

from mlflow_operator.desired.preparation.program.authorities import check
from mlflow_operator.desired.preparation.program.patience import Hopeless

ASKING = [
    ("psycopg2", {"sslmode": "verify-full"}),
    ("psycopg", {"sslmode": "verify-ca"}),
    ("psycopg2", {"sslmode": "require"}),  # with authorities at hand libpq looks then too
    ("pymysql", {"ssl_verify_cert": "true"}),
    ("oracledb", {}),
]
TAKING_ANY = [
    ("psycopg2", {}, "has no sslmode", "?sslmode=verify-full"),
    ("psycopg2", {"sslmode": "prefer"}, "has sslmode=prefer", "?sslmode=verify-full"),
    ("pymysql", {}, "has no ssl_verify_cert", "?ssl_verify_cert=true&ssl_verify_identity=true"),
    ("pymysql", {"ssl_verify_cert": "false"}, "has ssl_verify_cert=false", "?ssl_verify_cert=true"),
]


@pytest.fixture(autouse=True)
def bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spec names authorities, and nothing else says how TLS is used."""
    monkeypatch.setenv("PREPARE_CA_BUNDLE", "true")
    monkeypatch.delenv("PGSSLMODE", raising=False)


@pytest.mark.parametrize(("driver", "query"), ASKING)
def test_who_asks_goes_on(driver: str, query: dict[str, str]) -> None:
    """And drivers that nobody here knows."""
    check(driver, query)


@pytest.mark.parametrize(("driver", "query", "found", "advice"), TAKING_ANY)
def test_who_would_take_any_certificate_is_told_what_to_write(
    driver: str, query: dict[str, str], found: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of a server that looks as if it were sure; without a bundle it is nobody's business."""
    with pytest.raises(Hopeless) as refused:
        check(driver, query)
    assert refused.value.reason == "CaBundleUnused"
    assert found in str(refused.value)
    assert advice in str(refused.value)
    monkeypatch.delenv("PREPARE_CA_BUNDLE")
    check(driver, query)


def test_what_libpq_is_told_by_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does for libpq."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    check("psycopg2", {})
