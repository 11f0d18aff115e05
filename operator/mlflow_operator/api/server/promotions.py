"""Whose claims an MLflowServer takes."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.schema import ApiModel, Labels, Rule

_Value = Annotated[str, Field(max_length=63)]


class LabelRequirement(ApiModel):
    """What a label has to be, as in a label selector."""

    key: Annotated[str, Field(min_length=1, max_length=317)]
    """Key of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to the values."""
    values: Annotated[list[_Value], Field(max_length=32)] = Field(default_factory=list)
    """Values, for In and NotIn."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "self.operator in ['In', 'NotIn'] ? has(self.values) && self.values.size() > 0 : !has(self.values)",
            "values go with In and NotIn, one at least",
            ".values",
        ),
    )


class LabelSelector(ApiModel):
    """Labels of namespaces; all that is written has to hold."""

    match_labels: Labels = Field(default_factory=dict)
    """Labels with these values."""
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=16)] = Field(default_factory=list)
    """More about labels."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.matchLabels) && self.matchLabels.size() > 0)"
            " || (has(self.matchExpressions) && self.matchExpressions.size() > 0)",
            "an empty selector would be of all namespaces; write matchLabels or matchExpressions, or from: All",
        ),
    )


class AllowedNamespaces(ApiModel):
    """The namespaces whose claims may refer to the server."""

    from_: Annotated[Literal["Same", "All", "Selector"], Field(alias="from")] = "Same"
    """That of the server, all of them, or those that the selector is of; the server's own is always one."""
    selector: LabelSelector | None = None
    """Labels of the namespaces, for Selector."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.selector) == (has(self.from) && self.from == 'Selector')",
            "a selector goes with from: Selector, and from: Selector with a selector",
            ".selector",
        ),
    )


class Promotions(ApiModel):
    """Who may promote on the server."""

    allowed_namespaces: AllowedNamespaces = Field(default_factory=AllowedNamespaces)
    """The namespaces whose claims may refer to the server."""
