"""Environment variables of containers."""

from mlflow_operator.api.server.serving import EnvVar
from mlflow_operator.desired.inputs import Object


def literal(text: str) -> str:
    """Text that the kubelet leaves as it is; it would replace $(NAME), and reads $$ as $."""
    return text.replace("$", "$$")


def plain(name: str, value: str) -> Object:
    """A variable with this value."""
    return {"name": name, "value": literal(value)}


def expanded(name: str, value: str) -> Object:
    """A variable in whose value the kubelet replaces $(NAME) by variables before it."""
    return {"name": name, "value": value}


def from_secret(name: str, secret: str, key: str) -> Object:
    """A variable with a value that only the kubelet reads."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def from_field(name: str, path: str) -> Object:
    """A variable with a fact about the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def overridden(own: list[Object], extra: list[EnvVar]) -> list[Object]:
    """The operator's variables and then the user's, which win: a name is there once."""
    replaced = {variable.name for variable in extra}
    return [variable for variable in own if variable["name"] not in replaced] + [v.wire() for v in extra]
