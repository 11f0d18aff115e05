"""How MLflow's releases differ, as far as the operator has to know: the one place that says so.

Read in the packages of each minor release; tests/integration/releases compares it with those that are installed.
"""

from collections.abc import Callable
from typing import NamedTuple

from mlflow_operator.api.mlflowserver import MLflowServer, MLflowServerSpec

OLDEST = (2, 10)
UVICORN = (3, 3)
"""What serves, from this release on; before it was gunicorn."""
HOST_CHECK = (3, 5)
"""From here on MLflow looks at Host and Origin of a request."""
PREFIX_OF_ALL = (3, 7)
"""From here on /health and /version are below the static prefix as all else is."""
FULL_IMAGE = (3, 9)
"""From here on there are MLflow's own images with drivers of databases and boto3."""
PASSES_ON_SIGTERM = (3, 10)
"""From here on `mlflow server` tells its server to end; before, it was process 1 and heard nothing."""
LINKS_FOR_DOWNLOADS = (3, 12)
PERMISSIONS = (3, 14)
"""With these the operator grants what it has to; the permissions of 3.13 were not tried."""

SCHEMA_HEADS = {
    (2, 10): "acf3f17fdcc7",
    (2, 11): "acf3f17fdcc7",
    (2, 12): "acf3f17fdcc7",
    (2, 13): "5b0e9adcef9c",
    (2, 14): "5b0e9adcef9c",
    (2, 15): "4465047574b1",
    (2, 16): "4465047574b1",
    (2, 17): "f5a4f2784254",
    (2, 18): "0584bdc529eb",
    (2, 19): "0584bdc529eb",
    (2, 20): "0584bdc529eb",
    (2, 21): "0584bdc529eb",
    (2, 22): "0584bdc529eb",
    (3, 0): "bda7b8c39065",
    (3, 1): "bda7b8c39065",
    (3, 2): "770bee3ae1dd",
    (3, 3): "1a0cddfcaa16",
    (3, 4): "71994744cf8e",
    (3, 5): "bf29a5ff90ea",
    (3, 6): "bf29a5ff90ea",
    (3, 7): "bf29a5ff90ea",
    (3, 8): "1bd49d398cd23",
    (3, 9): "d3e4f5a6b7c8",
    (3, 10): "1b5f0d9ad7c1",
    (3, 11): "c3d6457b6d8a",
    (3, 12): "7d34483879f0",
    (3, 13): "da6fb0208061",
    (3, 14): "b7e4c1a90f23",
    (3, 15): "6f8d9c3b2a1e",
    (3, 16): "b7e2c1a4d9f3",
    (3, 17): "dc11669786a5",
}
"""The newest revision of the database's schema, by major and minor; patches of one have the same."""


def numbers(version: str) -> tuple[int, ...]:
    """A release as something to compare: 3.9.0 is before 3.14.0."""
    return tuple(int(part) for part in version.split("."))


def schema_head(version: str) -> str | None:
    """The newest revision of the schema in a release; None for one that is newer than this operator."""
    major, minor, *_ = *numbers(version), 0
    return SCHEMA_HEADS.get((major, minor))


def releases_of(revision: str) -> list[str]:
    """Which releases, as major.minor, leave a database at a revision; none where it is in between, or unknown."""
    return [f"{major}.{minor}" for (major, minor), head in SCHEMA_HEADS.items() if head == revision]


class Ability(NamedTuple):
    """Something that a spec may ask for and only later releases do."""

    since: tuple[int, int]
    field: str
    asked: Callable[[MLflowServerSpec], object]
    """Whether the spec asks for it."""
    before: str
    """How it is in earlier releases, and what to do with the field."""


ABILITIES = (
    Ability(
        PERMISSIONS,
        "auth.basic",
        lambda spec: spec.auth.basic,
        "the permissions of earlier ones are others; use auth.oauth2Proxy, which works with any",
    ),
    Ability(
        LINKS_FOR_DOWNLOADS,
        "artifactStore.s3.directAccess",
        lambda spec: spec.artifact_store and spec.artifact_store.s3 and spec.artifact_store.s3.direct_access,
        "earlier ones give no links for downloads; leave it out, or set serveArtifacts: false",
    ),
    Ability(
        PREFIX_OF_ALL,
        "network.staticPrefix",
        lambda spec: spec.network.static_prefix,
        "earlier ones tell their health and version outside of it; leave it out, and give MLflow a host name",
    ),
    Ability(
        HOST_CHECK,
        "network.allowedHosts",
        lambda spec: spec.network.allowed_hosts,
        "earlier ones let in every host; leave it out",
    ),
    Ability(
        HOST_CHECK,
        "network.corsAllowedOrigins",
        lambda spec: spec.network.cors_allowed_origins,
        "earlier ones do not look at origins; leave it out",
    ),
    Ability(
        UVICORN,
        "tls",
        lambda spec: spec.tls and not spec.auth.oauth2_proxy,
        "earlier ones serve by gunicorn, which follows no renewed certificate; leave it out, or add auth.oauth2Proxy",
    ),
)


def has(version: str, since: tuple[int, int]) -> bool:
    """Whether a release is one of those that begin with another."""
    return numbers(version) >= since


def lacking(server: MLflowServer, version: str) -> Ability | None:
    """The first thing that a spec asks for and this release does not do."""
    missing = (a for a in ABILITIES if not has(version, a.since) and a.asked(server.spec))
    return next(missing, None)
