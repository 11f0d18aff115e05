"""Turns the API models into CustomResourceDefinitions: a structural schema, columns, CEL rules, subresources."""

from typing import Any

from pydantic import BaseModel

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.api.resource import Resource
from mlflow_operator.api.schema import GROUP, VERSION, ApiModel

Schema = dict[str, Any]

KINDS: tuple[type[Resource], ...] = (MLflowServer, ModelPromotion, PromotionApproval, PromotionPolicy)
CATEGORY = "mlflow"
LABEL, OURS = "app.kubernetes.io/part-of", "mlflow-operator"
"""Label of the operator's own CRDs, by which they are told from all others in a cluster."""

_UNSTRUCTURAL = ("oneOf", "allOf", "not", "discriminator", "patternProperties", "prefixItems")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def build(kind: type[Resource]) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind."""
    names = kind.NAMES
    version: Schema = {
        "name": VERSION,
        "served": True,
        "storage": True,
        **_subresources(kind),
        "additionalPrinterColumns": [_column(c) for c in kind.COLUMNS],
        "schema": {"openAPIV3Schema": _object_schema(kind)},
    }
    if kind.SELECTABLE:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.SELECTABLE]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.plural}.{GROUP}", "labels": {LABEL: OURS}},
        "spec": {
            "group": GROUP,
            "scope": kind.SCOPE,
            "names": {
                "kind": names.kind,
                "listKind": f"{names.kind}List",
                "plural": names.plural,
                "singular": names.kind.lower(),
                "shortNames": [names.short],
                "categories": [CATEGORY],
            },
            "versions": [version],
        },
    }


def _subresources(kind: type[Resource]) -> Schema:
    scale = {"scale": kind.SCALE} if kind.SCALE else {}
    return {"subresources": {"status": {}} | scale} if kind.has_status() else {}


def _column(column: Any) -> Schema:
    item = {"name": column.name, "type": column.type, "jsonPath": column.json_path}
    return item | {"priority": column.priority} if column.priority else item


def _object_schema(kind: type[Resource]) -> Schema:
    spec = structural(kind.model_fields["spec"].annotation)
    properties: Schema = {"spec": spec}
    if kind.has_status():
        # Without the default a fresh object has no observedGeneration, and kstatus takes it for done.
        status = structural(kind.model_fields["status"].annotation) | {"default": {"observedGeneration": -1}}
        properties["status"] = status
    return {
        "description": _one_line(kind.__doc__),
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **properties,
        },
    }


def structural(model: Any) -> Schema:
    """The structural schema of a model.

    Raises:
        ValueError: The model uses something that a structural schema cannot say, such as a union.
    """
    models: dict[str, type[ApiModel]] = {}
    _collect(model, models)
    raw = model.model_json_schema(by_alias=True)
    return _convert({"$ref": f"#/$defs/{model.__name__}"}, raw.get("$defs", {}) | {model.__name__: raw}, models, "")


def _collect(model: Any, found: dict[str, type[ApiModel]]) -> None:
    """All models that a model is made of, by name."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if model.__name__ not in found and issubclass(model, ApiModel):
            found[model.__name__] = model
            for field in model.model_fields.values():
                _collect(field.annotation, found)
        return
    for part in getattr(model, "__args__", ()):
        _collect(part, found)


def _convert(node: Schema, defs: Schema, models: dict[str, type[ApiModel]], path: str) -> Schema:
    node = {k: v for k, v in node.items() if k not in ("title", "$defs")}
    if ref := node.pop("$ref", None):
        name = ref.removeprefix("#/$defs/")
        return _with_rules(_convert({**defs[name], **node}, defs, models, path), models.get(name))
    if branches := node.pop("anyOf", None):
        concrete = [b for b in branches if b != {"type": "null"}]
        if len(concrete) != 1:
            raise ValueError(f"{path}: unions have no structural schema")
        return _convert({**concrete[0], **node}, defs, models, path)
    if bad := [k for k in _UNSTRUCTURAL if k in node]:
        raise ValueError(f"{path}: {bad} have no structural schema")
    return _children(_scalars(node), defs, models, path)


def _scalars(node: Schema) -> Schema:
    """Move what pydantic says to where Kubernetes expects it."""
    default = node.pop("default", None)
    if node.pop("x-keep-default", False):
        node["default"] = default
    elif isinstance(default, str | int) and "description" in node:
        # A default in the schema would be written into every object and show as a difference from Git.
        word = str(default).lower() if isinstance(default, bool) else default
        node["description"] = f"{node['description']} Default: {word}."
    if "const" in node:
        node["enum"] = [node.pop("const")]
    for bound, plain in _BOUNDS:
        if bound in node:
            node[plain], node[bound] = node[bound], True
    if "description" in node:
        node["description"] = _one_line(node["description"])
    return node


def _children(node: Schema, defs: Schema, models: dict[str, type[ApiModel]], path: str) -> Schema:
    extra = node.pop("additionalProperties", None)
    if extra is True:
        raise ValueError(f"{path}: an untyped object hides misspelt fields; give it a schema")
    if isinstance(extra, dict):
        node["additionalProperties"] = _convert(extra, defs, models, f"{path}.*")
    if "properties" in node:
        node["properties"] = {k: _convert(v, defs, models, f"{path}.{k}") for k, v in node["properties"].items()}
    if "items" in node:
        node["items"] = _convert(node["items"], defs, models, f"{path}[]")
    return node


def _with_rules(node: Schema, model: type[ApiModel] | None) -> Schema:
    """Add a model's CEL rules, and leave to them the fields whose absence they explain."""
    if model is None:
        return node
    if model.RULES:
        own = [rule.schema() for rule in model.RULES]
        node["x-kubernetes-validations"] = own + node.get("x-kubernetes-validations", [])
    required = [name for name in node.get("required", []) if name not in model.EXPLAINED]
    node.pop("required", None)
    return node | {"required": required} if required else node


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
