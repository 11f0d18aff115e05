"""Generated credentials of managed stores: made once, never changed, and kept when the server goes."""

from base64 import b64encode

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object

USERNAME = "username"
PASSWORD = "password"  # noqa: S105 - the name of a key
STORE_USER = "mlflow"


def secret(server: MLflowServer, name: str, component: str, password: str) -> Object:
    """A Secret with the user `mlflow` and a password that was drawn outside."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": names.kept_metadata(server, name, component),
        "type": "Opaque",
        "data": {USERNAME: _encoded(STORE_USER), PASSWORD: _encoded(password)},
    }


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
