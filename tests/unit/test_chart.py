"""The chart renders valid objects that ask for the least."""

import re
import tomllib
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from mlflow_operator import generate
from mlflow_operator.api import crd
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients import kinds
from mlflow_operator.config import PREFIX, Settings
from mlflow_operator.desired import versions

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / generate.CHART
OLDEST, NEWEST = "1.31", "1.36"
READ = {"get", "list", "watch"}
DIGEST = "sha256:" + "0" * 64
EVERYTHING: dict[str, Any] = {
    "image": {"digest": DIGEST},
    "imagePullSecrets": [{"name": "pull"}],
    "images": {
        "server": "mirror/mlflow:{version}",
        "postgres": "pg",
        "objectStore": "s3",
        "oauth2Proxy": "oidc",
        "toolbox": "tools",
        "pullPolicy": "Never",
    },
    "watchNamespaces": ["a", "b"],
    "policies": {"enabled": False},
    "admission": {"enabled": True},
    "serviceAccount": {"annotations": {"a": "b"}},
    "settings": {
        "clusterDomain": "k8s.internal",
        "userIds": "Platform",
        "externalHosts": ["*.example.com", "[::1]:5000"],
        "jobGates": True,
        "workers": 4,
        "resync": 1200,
        "relist": 1.5,
        "registryPoll": 10,
        "serverProbe": 20,
        "rollouts": 3,
        "logFormat": "console",
        "logLevel": "DEBUG",
    },
    "metrics": {"service": {"annotations": {"a": "b"}}},
    "env": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "envFrom": [{"secretRef": {"name": "proxy-login"}}],
    "volumes": [{"name": "more", "emptyDir": {}}],
    "volumeMounts": [{"name": "more", "mountPath": "/more"}],
    "caBundle": {"configMap": "authorities", "key": "corporate.pem"},
    "podLabels": {"a": "b"},
    "podAnnotations": {"a": "b"},
    "podSecurityContext": {"fsGroup": 7},
    "securityContext": {"readOnlyRootFilesystem": False},
    "nodeSelector": {"a": "b"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "priorityClassName": "high",
}


def render(values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The objects of the chart in the namespace `ops`."""
    return generate.render(CHART, "ops", values)


def of_kind(objects: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by namespace and name."""
    found = [o for o in objects if o["kind"] == kind]
    return {"/".join(filter(None, (o["metadata"].get("namespace"), o["metadata"]["name"]))): o for o in found}


def pod(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The pod specification of the operator."""
    (deployment,) = of_kind(objects, "Deployment").values()
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


def settings_of(objects: list[dict[str, Any]]) -> dict[str, str]:
    """The variables that the operator reads its settings from."""
    (container,) = pod(objects)["containers"]
    return {item["name"]: item["value"] for item in container["env"] if item["name"].startswith(PREFIX)}


def verbs(role: dict[str, Any]) -> dict[str, set[str]]:
    """What a role may do, by resource."""
    return {resource: set(rule["verbs"]) for rule in role["rules"] for resource in rule["resources"]}


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_fits_its_schema(values: dict[str, Any], version: str) -> None:
    """Nothing is misspelt, from the oldest Kubernetes that the chart allows on."""
    for item in render(values):
        kubernetes_validate.validate(item, version, strict=True)


def test_helm_finds_nothing_to_complain_about() -> None:
    """`helm lint --strict` passes."""
    report = helm_python.lint(CHART, strict=True)
    assert [m for m in report["messages"] if m["severity"] > 1] == []


def test_the_crds_are_those_of_the_code_and_stay_when_the_release_goes() -> None:
    """They come with the chart, unless told otherwise, and `helm uninstall` keeps them."""
    rendered = of_kind(render(), "CustomResourceDefinition")
    for definition in map(crd.build, crd.KINDS):
        found = rendered[definition["metadata"]["name"]]
        assert found["spec"] == definition["spec"]
        assert found["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert not of_kind(render({"crds": {"install": False}}), "CustomResourceDefinition")


def test_the_pod_is_restricted() -> None:
    """It fits the Pod Security Standard `restricted`, and writes only below /tmp."""
    spec = pod(render())
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]


def test_user_ids_can_be_left_to_the_platform() -> None:
    """Neither the operator's pod names one then, nor do those of servers."""
    objects = render({"settings": {"userIds": "Platform"}})
    assert pod(objects)["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert Settings.from_environment(settings_of(objects)).user_ids == "Platform"
    assert (
        pod(render())["securityContext"].items() >= {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}.items()
    )


@pytest.mark.parametrize(
    ("values", "on"),
    [
        ({}, False),
        ({"admission": {"enabled": True}}, True),
        ({"settings": {"jobGates": True}}, True),
        ({"admission": {"enabled": True}, "settings": {"jobGates": False}}, False),
    ],
)
def test_pods_of_gates_are_started_where_their_writers_are_asked(values: dict[str, Any], on: bool) -> None:
    """With the policies, which ask the API server; or where an administrator says so himself."""
    assert Settings.from_environment(settings_of(render(values))).job_gates is on


def test_the_administrators_security_context_wins_field_by_field() -> None:
    """What he does not mention stays as strict as it is."""
    spec = pod(render({"podSecurityContext": {"runAsUser": 7}, "securityContext": {"readOnlyRootFilesystem": False}}))
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["runAsNonRoot"]) == (7, True)
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("values", "volume"),
    [
        ({"configMap": "authorities"}, {"configMap": {"name": "authorities"}}),
        ({"secret": "authorities", "key": "ca.pem"}, {"secret": {"secretName": "authorities"}}),
    ],
    ids=["a ConfigMap", "a Secret"],
)
def test_the_operator_trusts_more_authorities(values: dict[str, str], volume: dict[str, Any]) -> None:
    """They are mounted, and named to OpenSSL, which looks into the image's folder of public ones all the same."""
    spec = pod(render({"caBundle": values}))
    (container,) = spec["containers"]
    variables = {item["name"]: item["value"] for item in container["env"]}
    (mounted,) = (mount for mount in container["volumeMounts"] if mount["name"] == "ca-bundle")
    assert variables["SSL_CERT_FILE"] == f"{mounted['mountPath']}/{values.get('key', 'ca.crt')}"
    assert {"name": "ca-bundle"} | volume in spec["volumes"]
    assert "SSL_CERT_FILE" not in {item["name"] for item in pod(render())["containers"][0]["env"]}


def test_the_operators_environment_and_volumes_are_the_administrators_too() -> None:
    """Proxies, and logins for them, get in."""
    spec = pod(render(EVERYTHING))
    (container,) = spec["containers"]
    assert {"name": "HTTPS_PROXY", "value": "http://proxy:3128"} in container["env"]
    assert container["envFrom"] == [{"secretRef": {"name": "proxy-login"}}]
    assert {"name": "more", "mountPath": "/more"} in container["volumeMounts"]
    assert {"name": "more", "emptyDir": {}} in spec["volumes"]


def test_a_digest_wins_over_the_tag() -> None:
    """The image is pinned when a digest is given, and the release's own otherwise."""
    (default,) = pod(render())["containers"]
    assert default["image"] == f"ghcr.io/talentflow-ai/mlflow-operator:{_version()}"
    (pinned,) = pod(render({"image": {"repository": "r/o", "tag": "t", "digest": DIGEST}}))["containers"]
    assert pinned["image"] == f"r/o@{DIGEST}"


def test_every_variable_is_a_setting_that_the_operator_reads() -> None:
    """What the chart sets arrives, and it can set everything but addresses."""
    environ = settings_of(render(EVERYTHING))
    settings = Settings.from_environment(environ)
    assert settings.namespaces == ("a", "b")
    assert settings.images.model_dump() == {
        "server": "mirror/mlflow:{version}",
        "postgres": "pg",
        "object_store": "s3",
        "oauth2_proxy": "oidc",
        "toolbox": "tools",
        "pull_policy": "Never",
    }
    assert (settings.workers, settings.resync, settings.relist, settings.http_port) == (4, 1200, 1.5, 8080)
    names = {name.removeprefix(PREFIX).lower() for name in environ}
    assert {n for n in names if not n.startswith("image_")} == set(Settings.model_fields) - {"images", "http_host"}


def test_by_default_the_operator_decides_its_settings() -> None:
    """A value that is not set becomes no variable; what the release knows best is told."""
    assert settings_of(render()) == {
        "MLFLOW_OPERATOR_HTTP_PORT": "8080",
        "MLFLOW_OPERATOR_LEASE": "ops/mlflow-operator",
    }


def test_no_role_has_a_wildcard_or_a_way_to_more_rights() -> None:
    """No `*`, no impersonation, no escalation, no access to roles."""
    for role in of_kind(render(), "ClusterRole").values():
        for rule in role["rules"]:
            words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert not words & {"*", "escalate", "bind", "impersonate", "rbac.authorization.k8s.io", "pods/exec"}


def test_the_operator_may_do_what_it_needs_and_no_more() -> None:
    """Secrets are never changed or deleted, volumes never deleted, users' objects never written."""
    may = verbs(of_kind(render(), "ClusterRole")["mlflow-operator"])
    assert may["secrets"] == READ | {"create"}
    assert may["configmaps"] == READ
    assert may["pods"] == {"get", "list"}
    assert may["namespaces"] == {"get"}
    assert may["persistentvolumeclaims"] == READ | {"create", "patch"}
    assert may["events"] == {"list", "create", "patch"}
    for child in (
        "deployments",
        "statefulsets",
        "jobs",
        "services",
        "serviceaccounts",
        "ingresses",
        "cronjobs",
        "horizontalpodautoscalers",
        "networkpolicies",
        "poddisruptionbudgets",
    ):
        assert may[child] == READ | {"create", "patch", "delete"}
    for kind in (kind for kind in crd.KINDS if kind.SCOPE == "Namespaced"):
        assert may.pop(kind.NAMES.plural) == READ
        if kind.has_status():
            assert may.pop(f"{kind.NAMES.plural}/status") == {"patch"}
            assert may.pop(f"{kind.NAMES.plural}/finalizers") == {"update"}
    for known in kinds.KINDS.values():
        assert known.plural not in may or may[known.plural] == set(known.verbs)
    assert may.pop("certificates") == {"get", "list", "create", "patch", "delete"}
    assert may.pop("httproutes") == {"get", "list", "create", "patch", "delete"}
    assert may.pop("podmonitors") == {"get", "list", "create", "patch", "delete"}
    assert len(may) == 16


def test_with_namespaces_the_operator_has_no_rights_elsewhere() -> None:
    """The same rules in each watched namespace; cluster-wide, a look at names and policies, which may be denied too."""
    objects = render({"watchNamespaces": ["a", "b"]})
    roles = of_kind(objects, "Role")
    roles.pop("ops/mlflow-operator-leader")
    assert set(roles) == {"a/mlflow-operator", "b/mlflow-operator"}
    assert set(of_kind(objects, "RoleBinding")) == {*roles, "ops/mlflow-operator-leader"}
    everywhere = of_kind(render(), "ClusterRole")["mlflow-operator"]["rules"]
    assert all(role["rules"] == everywhere for role in roles.values())
    assert set(of_kind(objects, "ClusterRoleBinding")) == {"mlflow-operator-discovery", "mlflow-operator-read-policies"}
    assert verbs(of_kind(objects, "ClusterRole")["mlflow-operator-read-policies"]) == {
        "promotionpolicies": READ,
        "promotionpolicies/status": {"patch"},
    }
    assert verbs(of_kind(objects, "ClusterRole")["mlflow-operator-discovery"]) == {
        "customresourcedefinitions": {"list", "watch"},
        "namespaces": {"list", "watch"},
    }
    closed = render({"watchNamespaces": ["a"], "rbac": {"discovery": False}, "policies": {"enabled": False}})
    assert not of_kind(closed, "ClusterRoleBinding")


def test_one_lease_and_no_other_may_be_written() -> None:
    """Leases are how nodes and controllers show that they live: the operator's own is in its namespace."""
    role = of_kind(render(), "Role")["ops/mlflow-operator-leader"]
    create, write = role["rules"]
    assert (create["resources"], create["verbs"]) == (["leases"], ["create"])
    assert (write["resourceNames"], write["verbs"]) == (["mlflow-operator"], ["get", "update"])
    named = settings_of(render({"fullnameOverride": "mine"}))["MLFLOW_OPERATOR_LEASE"]
    assert named == "ops/mine"


def test_another_pod_takes_over() -> None:
    """Two pods, on different nodes where there are several, never both evicted, and one always there in an upgrade."""
    objects = render()
    (deployment,) = of_kind(objects, "Deployment").values()
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    (spread,) = pod(objects)["topologySpreadConstraints"]
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
    (budget,) = of_kind(objects, "PodDisruptionBudget").values()
    assert budget["spec"]["maxUnavailable"] == 1
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (spread["labelSelector"], budget["spec"]["selector"]):
        assert selector["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("values", [{"replicas": 1}, {"podDisruptionBudget": {"create": False}}], ids=["one", "none"])
def test_a_single_pod_can_be_evicted(values: dict[str, Any]) -> None:
    """A budget for one pod would hold up the drain of its node."""
    assert not of_kind(render(values), "PodDisruptionBudget")


def test_the_clusters_own_roles_learn_the_kinds() -> None:
    """View reads all kinds; edit and admin write them, but neither their status nor approvals."""
    roles = of_kind(render(), "ClusterRole")
    assert roles["mlflow-operator-view"]["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    may = verbs(roles["mlflow-operator-edit"])
    assert set(may) == {"mlflowservers", "mlflowservers/scale", "modelpromotions"}
    assert "promotionapprovals" in verbs(roles["mlflow-operator-view"])
    assert not {"mlflow-operator-view", "mlflow-operator-edit"} & set(
        of_kind(render({"rbac": {"aggregate": False}}), "ClusterRole")
    )


def test_a_right_on_the_slot_is_asked_for_only_when_somebody_wants_that() -> None:
    """Off by default; one value brings the policies, their bindings and the roles, which give that right alone."""
    assert not [o for o in render() if "Admission" in o["kind"] or "promote" in o["metadata"]["name"]]
    objects = render({"admission": {"enabled": True}})
    policies = of_kind(objects, "ValidatingAdmissionPolicy")
    bindings = of_kind(objects, "ValidatingAdmissionPolicyBinding").values()
    assert {b["spec"]["policyName"] for b in bindings} == policies.keys()
    assert all("matchResources" not in b["spec"] and "Deny" in b["spec"]["validationActions"] for b in bindings)
    roles = {name: role for name, role in of_kind(objects, "ClusterRole").items() if "-promote" in name}
    assert {name: role["rules"][0].get("resourceNames") for name, role in roles.items()} == {
        "mlflow-operator-promote": None,
        "mlflow-operator-promote-staging": ["staging"],
        "mlflow-operator-promote-production": ["production"],
    }
    assert all(verbs(role) == {"modelslots": {"promote"}} for role in roles.values())


def test_who_may_approve_has_a_role_that_nobody_else_has() -> None:
    """The right on a slot, and to write approvals; no other role of the chart lets anybody do one of both."""
    roles = of_kind(render({"admission": {"enabled": True}}), "ClusterRole")
    approve = {name: role for name, role in roles.items() if "-approve" in name}
    assert {name: role["rules"][0].get("resourceNames") for name, role in approve.items()} == {
        "mlflow-operator-approve": None,
        "mlflow-operator-approve-staging": ["staging"],
        "mlflow-operator-approve-production": ["production"],
    }
    for name, role in roles.items():
        may = verbs(role)
        assert (may.get("modelslots") == {"approve"}) == (name in approve), name
        assert ("create" in may.get("promotionapprovals", ())) == (name in approve), name


def test_approvals_count_where_somebody_checks_who_makes_them() -> None:
    """With the policies of the chart, or where the administrator says so; and not where he says otherwise."""

    def counted(values: dict[str, Any]) -> str:
        return Settings.from_environment(settings_of(render(values))).approvals

    on, count = {"admission": {"enabled": True}}, {"settings": {"approvals": "Count"}}
    assert [counted(values) for values in ({}, on, count)] == ["Refuse", "Count", "Count"]
    assert counted(on | {"settings": {"approvals": "Refuse"}}) == "Refuse"


def test_policies_hold_where_the_operator_works() -> None:
    """Who installs it for single namespaces does not ask anything of the others."""
    objects = render({"admission": {"enabled": True}, "watchNamespaces": ["a", "b"]})
    for binding in of_kind(objects, "ValidatingAdmissionPolicyBinding").values():
        (expression,) = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert expression == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}


def test_no_expression_of_a_message_asks_for_rights() -> None:
    """The API server would then only say that the expression has failed."""
    for policy in of_kind(render({"admission": {"enabled": True}}), "ValidatingAdmissionPolicy").values():
        variables = {v["name"]: v["expression"] for v in policy["spec"]["variables"]}
        assert not [name for name, expression in variables.items() if "authorizer" in expression]
        assert all("authorizer" not in v["messageExpression"] for v in policy["spec"]["validations"])


def test_prometheus_finds_the_metrics() -> None:
    """The Service selects the pod, and the ServiceMonitor selects the Service."""
    objects = render({"metrics": {"serviceMonitor": {"create": True, "labels": {"release": "prometheus"}}}})
    (service,) = of_kind(objects, "Service").values()
    (monitor,) = of_kind(objects, "ServiceMonitor").values()
    (deployment,) = of_kind(objects, "Deployment").values()
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"watchNamespace": ["a"]}, "watchNamespace"),
        ({"image": {"tagg": "x"}}, "tagg"),
        ({"settings": {"workers": 0}}, "workers"),
        ({"replicas": 0}, "replicas"),
        ({"settings": {"logLevel": "debug"}}, "logLevel"),
        ({"image": {"digest": "latest"}}, "digest"),
        ({"watchNamespaces": "a,b"}, "watchNamespaces"),
        ({"watchNamespaces": ["a,b"]}, "watchNamespaces"),
        ({"crds": {"keep": True}}, "keep"),
        ({"settings": {"userIds": "Openshift"}}, "userIds"),
        ({"caBundle": {"configMap": "a", "secret": "b"}}, "caBundle"),
        ({"env": [{"value": "x"}]}, "env"),
    ],
)
def test_a_value_that_the_chart_does_not_know_is_refused(values: dict[str, Any], named: str) -> None:
    """A misspelt name or a wrong value is an error that names it, not a silent default."""
    with pytest.raises(helm_python.HelmError, match=named):
        render(values)


def test_values_and_their_schema_have_the_same_names() -> None:
    """A default that the schema refuses, or a value that nobody can find, does not get in."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    with helm_python.Chart.load(CHART) as chart:
        schema = chart.schema
    assert schema is not None
    assert _names(values, schema) == []


def test_the_versions_agree() -> None:
    """Chart, image and package are released together."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == _version()


def test_the_notes_name_the_next_two_commands() -> None:
    """What `helm install` prints can be pasted: it starts a server and shows it."""
    with helm_python.Chart.load(CHART) as chart:
        notes = chart.render({}, name="mlflow-operator", namespace="ops")["mlflow-operator/templates/NOTES.txt"]
    assert re.findall(r"^  (kubectl \w+)", notes, re.MULTILINE) == ["kubectl apply", "kubectl get"]
    (pasted,) = re.findall(r"<<EOF\n(.*)  EOF", notes, re.DOTALL)
    server = yaml.safe_load(pasted)
    server["metadata"]["namespace"] = "default"
    spec = MLflowServer.parse(server).spec
    assert spec.wire()["backendStore"].keys() == {"sqlite"}
    assert spec.version == versions.DEFAULT, "so that an upgrade of the operator does not upgrade MLflow"


def _names(values: dict[str, Any], schema: dict[str, Any], path: str = "") -> list[str]:
    """Names that only one of the two has, where the schema closes the object."""
    if schema.get("additionalProperties") is not False or path == ".resources":
        return []
    known = set(schema["properties"]) - {"global"}
    wrong = [f"{path}.{name}" for name in known ^ set(values)]
    for name in known & set(values):
        if isinstance(values[name], dict):
            wrong += _names(values[name], schema["properties"][name], f"{path}.{name}")
    return wrong


def _version() -> str:
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return version
