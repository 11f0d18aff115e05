"""Which MLflow releases the operator runs, and as which image."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import releases
from mlflow_operator.desired.inputs import Images
from mlflow_operator.errors import Terminal

DEFAULT = "3.17.2"
OFFICIAL = "ghcr.io/mlflow/mlflow"
"""MLflow's own images; only the full ones have the drivers of databases."""


def version(server: MLflowServer) -> str:
    """The release that should run.

    Raises:
        Terminal: UnsupportedVersion, for a release older than all that are run.
    """
    wanted = server.spec.version or DEFAULT
    if not releases.has(wanted, releases.OLDEST):
        oldest = ".".join(str(number) for number in releases.OLDEST)
        raise Terminal(
            "UnsupportedVersion",
            f"spec.version is {wanted}; this operator runs MLflow {oldest}.0 and later, set one of those",
        )
    return wanted


def check(server: MLflowServer) -> None:
    """See that the release can do what the spec asks of it.

    Raises:
        Terminal: UnsupportedVersion, or FieldNeedsLaterVersion.
    """
    wanted = version(server)
    if lacking := releases.lacking(server, wanted):
        since = ".".join(str(number) for number in lacking.since)
        raise Terminal(
            "FieldNeedsLaterVersion",
            f"spec.{lacking.field} needs MLflow {since}.0 or later, and spec.version is {wanted}: {lacking.before}",
        )


def image(server: MLflowServer, images: Images) -> str:
    """The server's image: spec.image, or the operator's default for the release.

    Raises:
        Terminal: UnsupportedVersion, or NoImageForVersion.
    """
    chosen, wanted = server.spec.image, version(server)
    if chosen.repository is None:
        return images.server.format(version=wanted) if images.server != _FULL else _official(server, wanted)
    if chosen.digest is not None:
        return f"{chosen.repository}@{chosen.digest}"
    if chosen.tag is not None or chosen.repository != OFFICIAL:
        return f"{chosen.repository}:{chosen.tag or wanted}"
    return _official(server, wanted)


_FULL = f"{OFFICIAL}:v{{version}}-full"


def _official(server: MLflowServer, wanted: str) -> str:
    """MLflow's own image: the full one, or where there was none yet the only one, if that is enough."""
    if releases.has(wanted, releases.FULL_IMAGE):
        return _FULL.format(version=wanted)
    database, artifacts = server.spec.backend_store, server.spec.artifact_store
    if database and database.sqlite and artifacts and artifacts.persistent_volume and not server.spec.monitoring:
        return f"{OFFICIAL}:v{wanted}"
    since = ".".join(str(number) for number in releases.FULL_IMAGE)
    raise Terminal(
        "NoImageForVersion",
        f"MLflow's own image of {wanted} has no drivers of databases and no boto3, those of {since}.0 and later have; "
        "set spec.image to one that has them, as the Dockerfile of this operator makes it of any release",
    )
