"""The service is let in as MLflow's own client is."""

import base64

import pytest

from mlflow_operator.model_registry.connection import connection
from mlflow_operator.model_registry.errors import Invalid

URL = {"MLFLOW_TRACKING_URI": "http://mlflow:5000/prefix/"}
LOGIN = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "s3cret"}


def basic(login: str) -> str:
    """The header of a login."""
    return "Basic " + base64.b64encode(login.encode()).decode()


def test_the_variables_of_mlflows_client_count() -> None:
    """URL with its prefix, and workspace."""
    found = connection({**URL, "MLFLOW_WORKSPACE": "team-a"})
    assert (found.url, found.workspace, found.authorization) == ("http://mlflow:5000/prefix", "team-a", "")


def test_an_argument_counts_before_the_variable() -> None:
    """Who names a server means it."""
    assert connection(URL, "https://other").url == "https://other"


def test_user_and_password_count_before_a_token() -> None:
    """In MLflow's order; a password without a user is none."""
    token = {"MLFLOW_TRACKING_TOKEN": "t0ken"}
    assert connection({**URL, **LOGIN, **token}).authorization == basic("ada:s3cret")
    assert connection({**URL, "MLFLOW_TRACKING_PASSWORD": "s3cret", **token}).authorization == "Bearer t0ken"


def test_a_login_in_the_url_is_used_and_never_shown() -> None:
    """It is decoded, goes into the header, and is in no text about the connection."""
    found = connection({}, "https://ada:s%40cret@mlflow:8443/m")
    assert found.authorization == basic("ada:s@cret")
    assert found.url == "https://mlflow:8443/m"
    assert "cret" not in repr(found)


@pytest.mark.parametrize("url", ["", "mlflow:5000", "file:///tmp/mlruns", "sqlite:///a.db", "http://", "http://[::1"])
def test_what_is_no_server_is_refused(url: str) -> None:
    """The sentence says what to write, and repeats nothing that may hold a password."""
    with pytest.raises(Invalid, match=r"MLFLOW_TRACKING_URI|has to look like"):
        connection({}, url)


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"MLFLOW_TRACKING_INSECURE_TLS": "yes please"}, "MLFLOW_TRACKING_INSECURE_TLS"),
        ({"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/ca"}, "both set"),
        ({"MLFLOW_TRACKING_TOKEN": "a\r\nX-Admin: yes"}, "MLFLOW_TRACKING_TOKEN"),
    ],
)
def test_variables_that_cannot_be_followed_are_refused(variables: dict[str, str], what: str) -> None:
    """By name, before anything is asked."""
    with pytest.raises(Invalid, match=what):
        connection({**URL, **variables})


def test_a_missing_file_of_authorities_is_said_by_name() -> None:
    """Not as an error of ssl."""
    with pytest.raises(Invalid, match=r"MLFLOW_TRACKING_SERVER_CERT_PATH names /none\.pem"):
        connection({**URL, "MLFLOW_TRACKING_SERVER_CERT_PATH": "/none.pem"}).tls()
