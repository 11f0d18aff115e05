"""Whether clients go past the server to a store in S3, by links that MLflow gives them."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import stores
from mlflow_operator.desired.server import programs


def arguments(server: MLflowServer) -> list[str]:
    """Words for ``start_server.py``: the program that keeps artifacts on the way through the server."""
    bucket = stores.s3(server)
    if bucket is None or bucket.direct_access or not server.spec.serve_artifacts:
        return []
    return ["--through-server", program()]


def program() -> str:
    """The plugin of MLflow that gives no links."""
    return programs.text("through_server")
