"""The identity of the server's pods."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names
from mlflow_operator.desired.inputs import Object, digest


def service_account(server: MLflowServer) -> Object | None:
    """The ServiceAccount, unless the spec names an existing one; its token is not mounted."""
    wanted = server.spec.service_account
    if wanted.name is not None:
        return None
    metadata = names.metadata(server, names.instance(server), names.SERVER)
    if wanted.annotations:
        metadata["annotations"] = dict(wanted.annotations)
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }


def identity(server: MLflowServer) -> dict[str, str]:
    """An annotation for pods that run under the account: who they are is decided by webhooks when they are made."""
    wanted = server.spec.service_account.annotations
    return {names.IDENTITY_ANNOTATION: digest(wanted)} if wanted else {}
