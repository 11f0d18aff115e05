"""What makes a model a Kubernetes resource: names, columns, subresources, and how one is read."""

import copy
from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ValidationError

from mlflow_operator.api.meta import ObjectMeta
from mlflow_operator.api.schema import Observed
from mlflow_operator.errors import Unreadable


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


class Resource(Observed):
    """A custom resource as the API server returns it."""

    NAMES: ClassVar[Names]
    SCOPE: ClassVar[str] = "Namespaced"
    """Namespaced, or Cluster."""
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    SELECTABLE: ClassVar[tuple[str, ...]] = ()
    """JSON paths usable in field selectors."""
    SCALE: ClassVar[dict[str, str] | None] = None
    """The scale subresource, if replicas mean something."""

    metadata: ObjectMeta

    @classmethod
    def has_status(cls) -> bool:
        """Whether the operator looks after objects of the kind; others are what people say, and nothing is added."""
        return "status" in cls.model_fields

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> Self:
        """Read an object of the API server; of a status that another release has written, what can be read.

        Raises:
            Unreadable: The spec does not fit the schema that this operator was built with.
        """
        try:
            return cls.model_validate(obj)
        except ValidationError:
            return cls._parse_what_can_be_read(obj)

    @classmethod
    def _parse_what_can_be_read(cls, obj: dict[str, Any]) -> Self:
        known = cls.model_fields.get("status")
        status = _readable(known.annotation, obj.get("status", {})) if known else None
        try:
            return cls.model_validate({**obj, "status": status})
        except ValidationError as error:
            metadata = ObjectMeta.model_validate(obj["metadata"])
            subject = cls.model_construct(metadata=metadata, spec=None, status=status)
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            message = f"{where}: {first['msg']}; this release of the operator does not know such a spec: upgrade it"
            raise Unreadable(subject, message) from None


def _readable(model: Any, raw: dict[str, Any]) -> BaseModel:
    """A status without its fields, or the items of its lists, that do not fit."""
    raw = copy.deepcopy(raw)
    while True:
        try:
            status: BaseModel = model.model_validate(raw)
        except ValidationError as error:
            field, item = (*error.errors()[0]["loc"], None)[:2]
            if isinstance(item, int):
                del raw[str(field)][item]
            else:
                del raw[str(field)]
        else:
            return status


def condition_path(type_: str, field: str = "status") -> str:
    """The JSON path of a condition's field, for a column."""
    return f'.status.conditions[?(@.type=="{type_}")].{field}'
