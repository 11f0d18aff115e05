"""Which MLflow releases the operator runs, and as which image."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired.inputs import Images
from mlflow_operator.errors import Terminal

DEFAULT = "3.17.2"
OFFICIAL = "ghcr.io/mlflow/mlflow"
"""MLflow's own images; only the full ones have the drivers of databases."""
MINIMUM = "3.14.0"
"""`mlflow db upgrade` creates the tables of an empty database from this release on."""


def version(server: MLflowServer) -> str:
    """The release that should run.

    Raises:
        Terminal: UnsupportedVersion, for a release older than MINIMUM.
    """
    wanted = server.spec.version or DEFAULT
    if _parts(wanted) < _parts(MINIMUM):
        raise Terminal(
            "UnsupportedVersion",
            f"spec.version is {wanted}; this operator runs MLflow {MINIMUM} and later, set one of those",
        )
    return wanted


def image(server: MLflowServer, images: Images) -> str:
    """The server's image: spec.image, or the operator's default for the release."""
    chosen = server.spec.image
    if chosen.repository is None:
        return images.server.format(version=version(server))
    if chosen.digest is not None:
        return f"{chosen.repository}@{chosen.digest}"
    own_tag = f"v{version(server)}-full" if chosen.repository == OFFICIAL else version(server)
    return f"{chosen.repository}:{chosen.tag or own_tag}"


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
