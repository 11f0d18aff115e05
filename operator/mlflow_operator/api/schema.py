"""The base of every API model, and the annotations that end up in the CRD schema."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

GROUP = "mlflow.talentflow.ai"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class Rule(NamedTuple):
    """A CEL validation rule: ``message`` tells the user what to write instead."""

    rule: str
    message: str
    field_path: str | None = None

    def schema(self) -> dict[str, str]:
        """The rule as an item of ``x-kubernetes-validations``."""
        item = {"rule": self.rule, "message": self.message}
        return item | {"fieldPath": self.field_path} if self.field_path else item


class ApiModel(BaseModel):
    """An immutable object with camelCase names on the wire.

    A field that is not known is an error: the API server drops those that its schema does not have, so it is one of a
    newer release, and a gate or a login must not be left out silently.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    RULES: ClassVar[tuple[Rule, ...]] = ()
    """CEL rules on this object."""
    EXPLAINED: ClassVar[tuple[str, ...]] = ()
    """Required fields whose absence a rule explains better than the API server's "Required value"."""

    def wire(self) -> dict[str, Any]:
        """The object as it goes to the API server: absent instead of null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Observed(ApiModel):
    """What users do not write: of a field that is not known nothing is lost by leaving it out."""

    model_config = ConfigDict(extra="ignore")


def rules(*items: Rule) -> Any:
    """CEL rules on a single field."""
    validations: Any = [rule.schema() for rule in items]
    return Field(json_schema_extra={"x-kubernetes-validations": validations})


def exactly_one(*names: str) -> Rule:
    """A rule that exactly one of the members is set."""
    members = ", ".join(f"has(self.{n})" for n in names)
    words = f"{', '.join(names[:-1])} and {names[-1]}"
    return Rule(f"[{members}].filter(x, x).size() == 1", f"set exactly one of {words}")


def one_at_most(*names: str) -> Rule:
    """A rule that no two of the members are set."""
    members = ", ".join(f"has(self.{n})" for n in names)
    words = f"{', '.join(names[:-1])} and {names[-1]}"
    return Rule(f"[{members}].filter(x, x).size() <= 1", f"set one of {words} at most")


def immutable(name: str, advice: str) -> Rule:
    """A rule that the field cannot change once set; ``advice`` says what to do instead."""
    return Rule("self == oldSelf", f"{name} cannot be changed; {advice}")


Name = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
SecretKey = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
Labels = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(json_schema_extra={"maxProperties": 32})]
Annotations = Annotated[
    dict[str, Annotated[str, Field(max_length=4096)]], Field(json_schema_extra={"maxProperties": 32})
]

_QUANTITY = {
    "x-kubernetes-int-or-string": True,
    "maxLength": 32,
    "pattern": r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$",
    "x-kubernetes-validations": [
        Rule("type(self) == int || isQuantity(self)", "write a quantity, such as 5Gi or 500m").schema()
    ],
}
Quantity = Annotated[str, BeforeValidator(str), WithJsonSchema(_QUANTITY)]
"""A Kubernetes quantity; integers are accepted and kept as text."""


_KEY = r"matches('^[\\p{L}\\p{N}_./: -]{1,250}$')"
_PATH = r"matches('^\\.\\.|(^|/)\\.{0,2}(/|$)')"
_KEY_MESSAGE = (
    "MLflow takes letters, digits, blanks and _ - . : / in a key, 250 at most, and no part between slashes that is "
    "empty, . or .. ; write a key such as team/approved-by"
)
TAG_KEY = Rule(f"self.{_KEY} && !self.{_PATH}", _KEY_MESSAGE)
"""What MLflow's _validate_tag_name accepts; it would refuse the tag after the version was moved."""

Tags = Annotated[
    dict[str, Annotated[str, Field(max_length=5000)]],
    Field(
        json_schema_extra={
            "maxProperties": 32,
            "x-kubernetes-validations": [Rule(f"self.all(k, k.{_KEY} && !k.{_PATH})", _KEY_MESSAGE).schema()],
        }
    ),
]
"""Tags of an MLflow entity."""


def list_map(key: str, *, max_items: int) -> Any:
    """A list whose items are told apart by a key, so that several field managers can own items of it."""
    extra: dict[str, Any] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return Field(max_length=max_items, json_schema_extra=extra)


def list_set(*, max_items: int) -> Any:
    """A list of distinct scalars."""
    return Field(max_length=max_items, json_schema_extra={"x-kubernetes-list-type": "set"})
