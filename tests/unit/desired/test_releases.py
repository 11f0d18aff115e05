"""What is known of MLflow's releases."""

from typing import Any

import pytest

from mlflow_operator import desired
from mlflow_operator.desired import releases, versions
from mlflow_operator.desired.inputs import Images
from mlflow_operator.desired.versions import DEFAULT
from mlflow_operator.errors import Terminal
from unit.desired.servers import EXISTING, MANAGED, SQLITE, container, inputs, only, prepared, server, variables

OFFICIAL = Images("ghcr.io/mlflow/mlflow:v{version}-full", "", "", "")
DIRECT = {"s3": {"bucket": "artifacts", "directAccess": True}}


def test_the_schema_of_the_default_release_is_known() -> None:
    """A new default needs a row in the table."""
    assert releases.schema_head(DEFAULT) is not None


@pytest.mark.parametrize(("version", "head"), [("2.10.0", "acf3f17fdcc7"), ("3.17", "dc11669786a5"), ("9.9.9", None)])
def test_a_release_has_one_newest_revision(version: str, head: str | None) -> None:
    """And nothing is said of a release that is not known."""
    assert releases.schema_head(version) == head


def test_a_revision_tells_which_releases_made_it() -> None:
    """None, where a database is in between."""
    assert releases.releases_of("bf29a5ff90ea") == ["3.5", "3.6", "3.7"]
    assert releases.releases_of("000000000000") == []


@pytest.mark.parametrize(
    ("fields", "last", "first"),
    [
        ({"auth": {"basic": {}}}, "3.13.0", "3.14.0"),
        ({"artifactStore": DIRECT}, "3.11.1", "3.12.0"),
        ({"network": {"staticPrefix": "/ml"}}, "3.6.0", "3.7.0"),
        ({"network": {"allowedHosts": ["ml.example.com"]}}, "3.4.0", "3.5.0"),
        ({"network": {"corsAllowedOrigins": ["https://ml.example.com"]}}, "3.4.0", "3.5.0"),
        ({"tls": {"secretName": "cert"}}, "3.2.0", "3.3.0"),
    ],
)
def test_what_a_release_does_not_do_is_refused_in_words(fields: dict[str, Any], last: str, first: str) -> None:
    """Nothing is ignored: the message says from which release on it is done, and what to do meanwhile."""
    refused, taken = (server(EXISTING | fields | {"version": version}) for version in (last, first))
    with pytest.raises(
        Terminal, match=rf"FieldNeedsLaterVersion: spec\.\S+ needs MLflow {first} or later.*: \w+"
    ) as raised:
        desired.build(refused, inputs(refused))
    assert last in raised.value.message
    assert desired.build(taken, inputs(taken)).objects


def test_an_old_release_is_told_what_it_understands() -> None:
    """One that is served by gunicorn gets its patience, and no list of hosts, of which it knows nothing."""
    old, new = (
        only(prepared(server(EXISTING | {"version": version})), "Deployment") for version in ("2.22.5", DEFAULT)
    )
    assert container(old)["command"][-2:] == ["--gunicorn", "--alone"]
    assert {"--gunicorn", "--alone"} & set(container(new)["command"]) == set()
    told = set(variables(new)) - set(variables(old))
    assert told == {"UVICORN_TIMEOUT_KEEP_ALIVE", "MLFLOW_SERVER_ALLOWED_HOSTS"}
    assert variables(old)["GUNICORN_CMD_ARGS"] == "--timeout 600"


@pytest.mark.parametrize(
    ("spec", "image"),
    [
        (EXISTING | {"version": "3.9.0"}, "ghcr.io/mlflow/mlflow:v3.9.0-full"),
        (SQLITE | {"version": "2.10.0"}, "ghcr.io/mlflow/mlflow:v2.10.0"),
        (
            SQLITE | {"version": "2.10.0", "image": {"repository": "ghcr.io/mlflow/mlflow"}},
            "ghcr.io/mlflow/mlflow:v2.10.0",
        ),
        (EXISTING | {"version": "2.22.5", "image": {"repository": "r/m"}}, "r/m:2.22.5"),
    ],
)
def test_the_image_of_a_release_is_one_that_there_is(spec: dict[str, Any], image: str) -> None:
    """MLflow has none with drivers before 3.9; for SQLite and a volume its only one is enough."""
    assert versions.image(server(spec), OFFICIAL) == image


@pytest.mark.parametrize("spec", [EXISTING, MANAGED, SQLITE | {"monitoring": {}}])
def test_a_release_without_an_image_that_is_enough_asks_for_one(spec: dict[str, Any]) -> None:
    """Before any pod fails for a driver that is not there."""
    with pytest.raises(Terminal, match=r"NoImageForVersion: .* of 3\.8\.1 has no drivers.*set spec\.image"):
        versions.image(server(spec | {"version": "3.8.1"}), OFFICIAL)
