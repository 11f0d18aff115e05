"""What makes a model a Kubernetes resource: names, columns, subresources."""

from typing import Any, ClassVar, NamedTuple, Self

from mlflow_operator.api.meta import ObjectMeta
from mlflow_operator.api.schema import ApiModel


class Column(NamedTuple):
    """A column of ``kubectl get``; priority 1 shows with ``-o wide`` only."""

    name: str
    json_path: str
    type: str = "string"
    priority: int = 0


class Names(NamedTuple):
    """How the API server and kubectl call a kind."""

    kind: str
    plural: str
    short: str


class Resource(ApiModel):
    """A custom resource as the API server returns it."""

    NAMES: ClassVar[Names]
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    SELECTABLE: ClassVar[tuple[str, ...]] = ()
    """JSON paths usable in field selectors."""
    SCALE: ClassVar[dict[str, str] | None] = None
    """The scale subresource, if replicas mean something."""

    metadata: ObjectMeta

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> Self:
        """Read an object of the API server.

        Raises:
            pydantic.ValidationError: The object does not fit the schema that this operator was built with.
        """
        return cls.model_validate(obj)


def condition_path(type_: str, field: str = "status") -> str:
    """The JSON path of a condition's field, for a column."""
    return f'.status.conditions[?(@.type=="{type_}")].{field}'
