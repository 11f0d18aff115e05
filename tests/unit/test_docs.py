"""What the documentation says is what the code does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import mlflow_operator.reconcile.telemetry  # noqa: F401 - its metrics are in the registry once it is imported
from mlflow_operator import generate
from mlflow_operator.api import crd
from mlflow_operator.api.attempt import AttemptType
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionapproval import PromotionApproval
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.api.resource import Resource
from mlflow_operator.api.schema import API_VERSION
from mlflow_operator.config import PREFIX, Images, Settings
from mlflow_operator.engine.telemetry import REGISTRY
from mlflow_operator.status.reasons import MEANINGS
from unit.documentation import DOCS, PAGES, ROOT, anchors, links, named, page_id, prose, snippets, tables, words

CODE = ROOT / "operator" / "mlflow_operator"
OPERATIONS, TROUBLESHOOTING = DOCS / "operations.md", DOCS / "troubleshooting.md"
CONTRACTS: dict[type[Resource], Path] = {
    MLflowServer: DOCS / "mlflowserver.md",
    ModelPromotion: DOCS / "modelpromotion.md",
    PromotionApproval: DOCS / "approvals.md",
    PromotionPolicy: DOCS / "policies.md",
}
LOOKED_AFTER = [kind for kind in CONTRACTS if kind.has_status()]
"""Kinds that the operator gives a status; the others are what people say."""
each_page = pytest.mark.parametrize("page", PAGES, ids=page_id)
each_kind = pytest.mark.parametrize("kind", CONTRACTS, ids=lambda kind: kind.__name__)
each_with_status = pytest.mark.parametrize("kind", LOOKED_AFTER, ids=lambda kind: kind.__name__)


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link inside the repository names a file that exists, and a heading in it."""
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target}: there is no {path}"
        assert not anchor or anchor in anchors(file), f"{target}: no heading of that name"


def test_every_page_is_reached_from_the_readme() -> None:
    """Nobody has to know a page in order to find it."""
    seen, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        seen.add(page)
        targets = {(page.parent / target.partition("#")[0]).resolve() for target in links(page)}
        todo += [file for file in targets if file.suffix == ".md" and file not in seen]
    assert set(PAGES) - seen == set()


@each_page
def test_every_make_target_exists(page: Path) -> None:
    """A command that a reader copies works."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    quoted = [*words(prose(page)), *snippets(page, "console")]
    assert {name for text in quoted for name in re.findall(r"\bmake ([a-z][a-z0-9-]*)", text)} - targets == set()


def walk(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every field below a node, with its path, its schema, and whether it is required."""
    for name, below in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, below, name in node.get("required", [])
        yield from walk(below["items"], f"{here}[]") if below.get("type") == "array" else walk(below, here)


def type_of(node: dict[str, Any]) -> str:
    """A field's type as the pages call it."""
    if node.get("x-kubernetes-int-or-string"):
        return "quantity" if "KMGTP" in node.get("pattern", "") else "integer or string"
    if node["type"] == "object":
        return "map" if "additionalProperties" in node else "object"
    return "list" if node["type"] == "array" else str(node["type"])


def default_of(node: dict[str, Any], required: bool) -> str:
    """A field's default as the pages write it; the operator's own are in the schema's descriptions."""
    if described := re.search(r" Default: (.+)\.$", node.get("description", "")):
        return f"`{described[1]}`"
    if "default" in node:
        return f"`{node['default']}`"
    return "required" if required else "–"  # noqa: RUF001 - as in the tables


def fields(kind: type[Resource], part: str) -> dict[str, tuple[str, str]]:
    """Type and default of every field of the schema, by its path below spec or status."""
    schema = crd.build(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][part]
    model: Any = kind.model_fields[part].annotation
    return {path: (type_of(n), default_of(n, needed or path in model.EXPLAINED)) for path, n, needed in walk(schema)}


AS_IN_A_CLAIM = ("requires.", "gates.")
"""Fields of a policy that are those of a claim."""
AS_IN_A_POD = (
    *("affinity.", "tolerations[].", "topologySpreadConstraints[].", "env[].valueFrom.", "envFrom[]."),
    *("volumes[].", "volumeMounts[].", "sidecars[].", "initContainers[].", "hostAliases[].", "dnsConfig."),
    "containerSecurityContext.appArmorProfile.",
    *("networkPolicy.from[].", "networkPolicy.metricsFrom[].", "networkPolicy.egress.additionalRules[]."),
    "gates.jobs[].template.",  # test_docs_gates.py: docs/gates.md says which
)
"""Fields that are passed on to pods and policies as they are."""


@each_kind
def test_every_field_is_documented(kind: type[Resource]) -> None:
    """Its page has each field of the CRD, with its type and default, and no other."""
    known = fields(kind, "spec") | (fields(kind, "status") if kind.has_status() else {})
    # Kubernetes' own documentation has what is in these.
    known = {path: facts for path, facts in known.items() if not path.startswith(AS_IN_A_POD)}
    if kind is PromotionPolicy:
        claimed = fields(ModelPromotion, "spec")
        assert {path: known[path] for path in known if path.startswith(AS_IN_A_CLAIM)}.items() <= claimed.items()
        known = {path: facts for path, facts in known.items() if not path.startswith(AS_IN_A_CLAIM)}
    # The page says of these that they are the same as those of the latest attempt.
    same = {path: facts for path, facts in known.items() if path.startswith("history[].")}
    assert same.items() <= {path.replace("attempt.", "history[]."): facts for path, facts in known.items()}.items()
    written = {words(row[0])[0]: (row[1], row[2]) for row in tables(CONTRACTS[kind], "Field")}
    assert written == {path: facts for path, facts in known.items() if path not in same}


@each_with_status
def test_every_condition_is_documented(kind: type[Resource]) -> None:
    """The condition types that the CRD lists are explained on the page."""
    status = crd.build(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    listed = re.findall(r"\w+", status["properties"]["conditions"]["description"])
    assert {type_ for type_ in listed if f"`{type_}`" not in prose(CONTRACTS[kind])} == set()


NOT_REASONS = {
    # kinds; reasons, states and types of Kubernetes' own objects
    *(
        "Deployment",
        "StatefulSet",
        "Job",
        "CronJob",
        "Service",
        "ServiceAccount",
        "PersistentVolumeClaim",
        "Secret",
        "ConfigMap",
    ),
    *(
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "Ingress",
        "HTTPRoute",
        "PodMonitor",
        "Certificate",
        "ClusterIssuer",
        "Issuer",
        "NetworkPolicy",
        "Accepted",
        "ResolvedRefs",
    ),
    *(
        *("Pod", "Event", "Lease"),
        "RegisteredModel",
        "Available",
        "Complete",
        "Failed",
        "ProgressDeadlineExceeded",
        "Background",
        "Foreground",
    ),
    # what a metric calls the end of a call to a webhook
    *("Answered", "Refused", "Unanswered"),
    # types of conditions, and their states
    *("Reconciling", "Stalled", "DatabaseReady", "SchemaReady", "ArtifactStoreReady", "ServerReady"),
    *("ExperimentsReady", "VersionResolved", "InSync", "True", "False", "Unknown", "Done", "Progressing"),
    # phases, and steps of a decision
    *("Drifted", "Refused", "Waiting", "DryRun", "Write", "Hold", "Onward", "Report", "Wait", "Refuse", "Show", "Rest"),
    *("AwaitingWindow", "AwaitingApproval", "Pause", "Ask", "Closed"),
    "Count",  # a setting
    *("Yield", "Namespace", "Cluster", "Same", "Selector", "In", "NotIn", "Exists", "DoesNotExist"),
    # parts of requests, and what databases and stores answer
    *("AllAccessDisabled", "UnauthorizedAccess", "NoSuchLifecycleConfiguration", "NotImplemented"),
    *("ConnectionError", "ServiceRequestError", "TransportError", "ServiceResponseError", "RetryError", "Timeout"),
    *("DefaultCredentialsError", "RefreshError", "ClientAuthenticationError"),
    *(
        "RequestTimeTooSkewed",
        "TransitionDefaultMinimumObjectSize",
        "Rules",
        "Prefix",
        "Filter",
        "Transitions",
        "ServerSideEncryption",
    ),
    *("Accept", "Authorization", "Body", "Bucket", "Code", "CreateBucketConfiguration", "Error", "Key"),
    *("LocationConstraint", "ResponseMetadata", "HTTPStatusCode", "InterfaceError", "OperationalError", "NoSuchBucket"),
    *("AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidBucketName", "NoCredentialsError"),
    *("Invalid", "All", "SqlLoggedModel"),
    # what controllers, scheduler and kubelets say of pods
    *("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"),
    *("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "FailedCreate", "ReplicaFailure"),
    *("Completed", "NodeNotReady", "SchedulingGated", "DisruptionTarget", "Evicted", "OOMKilled"),
    *("FailedMount", "FailedAttachVolume", "FailedMapVolume", "PodScheduled", "Running", "Succeeded"),
    *("NoRegionError", "ParamValidationError", "PermanentRedirect", "BearerToken", "MLmodel", "NoSuchKey"),
    *("BucketAlreadyExists", "BucketAlreadyOwnedByYou", "CredentialRetrievalError", "MetadataRetrievalError"),
    *("ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "HTTPClientError", "SSLError"),
    *("IncompleteReadError", "ProxyConnectionError", "ReadTimeoutError"),
    *("Connection", "Location"),
    # annotations and exports that are text
    *("Preparation", "Registry", "Rollout", "Access", "Mlflow", "Item", "Endpoint", "Origin"),
}
"""Words in the code that look like a reason and are none. A new one has to be added here; a reason, to its page."""

COMPOSED = {
    "Http": ("Http404",),
    "NotFound": ("SecretNotFound", "ConfigMapNotFound"),
    "KeyNotFound": ("SecretKeyNotFound", "ConfigMapKeyNotFound"),
}
"""Parts of reasons that are put together, with examples."""

BOTH = (
    "clients",
    "desired/endpoint.py",
    "desired/external",
    "engine/workers.py",
    "errors.py",
    "reconcile/access.py",
    "status/conditions.py",
)
MODULES: dict[type[Resource], tuple[str, ...]] = {
    MLflowServer: (
        *("desired/preparation/program", "desired/collection/program", "desired/versions.py", "reconcile/servers"),
        *("status/preparation.py", "status/server.py", "status/exposure.py", "status/waits.py"),
        *(
            "status/protection.py",
            "status/expiry.py",
            "status/backups.py",
            "status/monitoring.py",
            "status/collections.py",
            "status/preparing.py",
            "status/connections.py",
        ),
    ),
    ModelPromotion: (
        *("promotion", "reconcile/evidence", "reconcile/policies/book.py", "reconcile/promotions"),
        *("status/gate_jobs.py", "status/promotion.py", "status/waits.py"),
    ),
    PromotionPolicy: ("status/policy.py",),
}
"""Modules and folders from which the reasons of each kind come, beside BOTH."""
PASSED_ON = (
    *("promotion/snapshot.py", "reconcile/servers/surroundings.py"),
    *("reconcile/publish.py", "reconcile/objects.py", "reconcile/process.py", "reconcile/events.py"),
    *("status/preparations.py", "status/rollout.py", "status/reasons"),
)
"""Modules of those packages that make no reasons."""
ELSEWHERE = {
    MLflowServer: {
        "JobSuspended",
        "None",
        "RefNotPermitted",
        "ServerNotFound",
        "ServerNotReady",
        "WorkspaceNotAllowed",
    },
    # What status/waits.py says of servers alone, or of what is waited for as long as it takes.
    ModelPromotion: {
        *("None", "PodCrashed", "PreparationSuspended", "DeadlineExceeded"),
        *("PodsGated", "JobSuspended"),
    },
}
"""Reasons of the other kind in modules that serve both, and MLflow's name for no stage."""


def modules(*places: str) -> set[str]:
    """The modules that these are, or that stand below them and make reasons."""
    below = {file for place in places for file in [CODE / place, *(CODE / place).rglob("*")] if file.suffix == ".py"}
    found = {file.relative_to(CODE) for file in below}
    return {str(file) for file in found if not {str(file), str(file.parent)} & set(PASSED_ON)}


def camel_case(module: str) -> set[str]:
    """Every text in a module that looks like a reason."""
    nodes = ast.walk(ast.parse((CODE / module).read_text()))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {text for text in texts if re.fullmatch(r"[A-Z][A-Za-z]*[a-z]", text)}


def reasons(kind: type[Resource]) -> set[str]:
    """Every reason that the code can give to a condition of a kind."""
    if kind is PromotionPolicy:  # nothing is asked for its sake, so nothing else happens to it
        return {word for module in modules(*MODULES[kind]) for word in camel_case(module)} | {"SpecUnreadable"}
    found = {word for module in modules(*BOTH, *MODULES[kind]) for word in camel_case(module)}
    if kind is ModelPromotion:
        found |= {type_.value for type_ in AttemptType}  # reasons of the condition Promoted
    composed = {reason for word in found & COMPOSED.keys() for reason in COMPOSED[word]}
    return (found - NOT_REASONS - COMPOSED.keys() - ELSEWHERE[kind]) | composed


@each_with_status
def test_every_reason_is_documented(kind: type[Resource]) -> None:
    """Whatever reason a user sees, the page of the kind has it."""
    assert {reason for reason in reasons(kind) if f"`{reason}`" not in prose(CONTRACTS[kind])} == set()


def test_the_table_of_reasons_has_every_reason_once() -> None:
    """Whatever the code can say of a claim is explained, and nothing else; `Http404` and the like are one sentence."""
    listed = [reason for meaning in MEANINGS for reason in meaning.reasons]
    ready = set(listed) - {"AccessDenied"}  # refused for a moment, and refused for good
    assert len(listed) == len(ready) + 2
    assert set(listed) <= reasons(ModelPromotion)
    assert all(meaning.helps for meaning in MEANINGS if meaning.standing.kind == "Stalled")


def test_every_documented_reason_exists() -> None:
    """No page promises a reason that the code never gives."""
    for kind in LOOKED_AFTER:
        page = CONTRACTS[kind]
        assert set(named(page, "Reason") + named(page, "Phase", 1)) - reasons(kind) == set()
    assert set(named(CONTRACTS[PromotionApproval], "Phase", 1)) - reasons(ModelPromotion) == set()
    symptoms = re.findall(r"^\*Reasons?:\* (.*)$", prose(TROUBLESHOOTING), re.MULTILINE)
    known = reasons(MLflowServer) | reasons(ModelPromotion)
    assert {word for line in symptoms for word in words(line)} - known == set()


def test_no_module_with_reasons_is_forgotten() -> None:
    """A new module of these packages is looked through too."""
    known = modules(*BOTH, *(place for places in MODULES.values() for place in places))
    unknown = modules("promotion", "reconcile", "status") - known
    assert {module for module in unknown if camel_case(module) - NOT_REASONS} == set()


def test_every_metric_is_documented() -> None:
    """docs/operations.md has each metric under the name that Prometheus stores, and no other."""
    made = {f"{metric.name}_total" if metric.type == "counter" else metric.name for metric in REGISTRY.collect()}
    assert set(named(OPERATIONS, "Metric")) == made


def test_every_setting_is_documented() -> None:
    """docs/operations.md has each variable of the process with its default, and no other."""
    own = {name: field.default for name, field in Settings.model_fields.items() if name != "images"}
    images = {f"image_{name}": field.default for name, field in Images.model_fields.items()}
    wanted = {PREFIX + name.upper(): str(default or "") for name, default in (own | images).items()}
    assert {words(row[0])[0]: "".join(words(row[2])) for row in tables(OPERATIONS, "Variable")} == wanted


def leaves(values: dict[str, Any], path: str = "") -> Iterator[str]:
    """The names of a chart's values; `resources` is one."""
    for name, value in values.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value and here != "resources":
            yield from leaves(value, here)
        else:
            yield here


def test_every_value_of_the_chart_is_documented() -> None:
    """docs/operations.md has each value, and no other."""
    values = yaml.safe_load((ROOT / generate.CHART / "values.yaml").read_text())
    assert set(named(OPERATIONS, "Value") + named(OPERATIONS, "Variable", 1)) == set(leaves(values))


def test_every_right_of_the_operator_is_documented() -> None:
    """The table in docs/operations.md is what the chart grants at most."""
    objects = generate.render(ROOT / generate.CHART, "ops", {"watchNamespaces": ["a"], "rbac": {"aggregate": False}})
    rules = [rule for o in objects if o["kind"] in ("Role", "ClusterRole") for rule in o["rules"]]
    granted = {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}
    rows = tables(OPERATIONS, "Resource")
    assert {(resource, verb) for row in rows for resource in words(row[0]) for verb in words(row[1])} == granted


def lost(given: Any, kept: Any, path: str = "spec") -> list[str]:
    """Fields that parsing dropped, because no model has them."""
    if isinstance(given, dict):
        gone = [f"{path}.{name}" for name in given if name not in kept]
        return gone + [x for name in given if name in kept for x in lost(given[name], kept[name], f"{path}.{name}")]
    if isinstance(given, list):
        return [x for i, item in enumerate(given) for x in lost(item, kept[i], f"{path}[{i}]")]
    return []


def own_snippets() -> list[Any]:
    """Every object of our kinds, and every `spec` alone on the page of its kind."""
    kind_of = {page: kind.NAMES.kind for kind, page in CONTRACTS.items()}
    found = []
    for page in PAGES:
        for number, text in enumerate(snippets(page, "yaml"), 1):
            for item in yaml.safe_load_all(text):
                whole = {"apiVersion": API_VERSION, "kind": kind_of[page]} | item if set(item) == {"spec"} else item
                if whole["apiVersion"] == API_VERSION:
                    found.append(pytest.param(whole, id=f"{page_id(page)}-{number}"))
    return found


@pytest.mark.parametrize("item", own_snippets())
def test_a_snippet_fits_its_kind(item: dict[str, Any]) -> None:
    """What readers copy has no field that the kind does not have, and leaves the namespace to them."""
    kind = next(kind for kind in CONTRACTS if kind.NAMES.kind == item["kind"])
    metadata = item.get("metadata", {"name": "snippet"})
    assert "namespace" not in metadata
    parsed = kind.parse(item | {"metadata": metadata | {"namespace": "default"}})
    assert lost(item["spec"], parsed.wire()["spec"]) == []
