"""Whether a server takes the claims of another namespace."""

from collections.abc import Mapping

from mlflow_operator.api.server.promotions import AllowedNamespaces, LabelRequirement, LabelSelector


def is_allowed(allowed: AllowedNamespaces, labels: Mapping[str, str] | None) -> bool | None:
    """Whether claims of a namespace with these labels are taken; None where that depends on labels nobody knows yet."""
    if allowed.selector is None or allowed.from_ != "Selector":
        return allowed.from_ == "All"
    return None if labels is None else selects(allowed.selector, labels)


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """As Kubernetes reads a label selector: all of it has to hold."""
    wanted = all(labels.get(key) == value for key, value in selector.match_labels.items())
    return wanted and all(_holds(requirement, labels) for requirement in selector.match_expressions)


def _holds(requirement: LabelRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values  # a label that is not there is not in them
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
