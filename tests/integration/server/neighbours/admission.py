"""Policies that change what is applied, as a platform's administrators have them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.services.team import Object, Team

CONTAINER = "/spec/template/spec/containers/0"
MIRRORED = "object.spec.template.spec.containers[0].image"
MIRROR = (
    f'[JSONPatch{{op: "replace", path: "{CONTAINER}/image", value: {MIRRORED}.startsWith("mirror.example/")'
    f' ? {MIRRORED} : "mirror.example/" + {MIRRORED}}}]'
)
"""Images come from elsewhere."""
LIMITS = (
    f'[JSONPatch{{op: "add", path: "{CONTAINER}/resources", value:'
    ' {"limits": {"memory": "3Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}}]'
)
"""Resources are the platform's."""
EXPIRE = '[JSONPatch{op: "add", path: "/spec/ttlSecondsAfterFinished", value: 3}]'
"""Finished Jobs go."""
AT_CREATION = 'request.operation == "CREATE" ? {} : []'
SUSPEND = AT_CREATION.format('[JSONPatch{op: "add", path: "/spec/suspend", value: true}]')
"""Jobs wait for their turn, as a queue has it."""
GATE = AT_CREATION.format(
    '[JSONPatch{op: "add", path: "/spec/schedulingGates", value: [{"name": "queue.example/turn"}]}]'
)
"""Pods wait for their turn."""
SIZE = '{"requests": {"cpu": "750m", "memory": "2Gi"}}'
RESIZE = AT_CREATION.format(f'[JSONPatch{{op: "add", path: "/spec/containers/0/resources", value: {SIZE}}}]')
"""Pods get another size than their template has."""


@contextmanager
def mutating(team: Team, expression: str, group: str, *plurals: str) -> Iterator[None]:
    """A policy that changes objects of some kinds in the team's namespace."""
    name = f"changes-{team.namespace}"
    rules = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": plurals}
    here = {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}
    spec = {
        "matchConstraints": {"resourceRules": [rules], "namespaceSelector": here},
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}],
    }
    _apply(team, "MutatingAdmissionPolicy", name, spec)
    _apply(team, "MutatingAdmissionPolicyBinding", name, {"policyName": name})
    try:
        _probe(team, group, plurals)
        yield
    finally:
        team.plane.kubectl("delete", "mutatingadmissionpolicybinding,mutatingadmissionpolicy", name)


def _apply(team: Team, kind: str, name: str, spec: object) -> None:
    body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))


def _probe(team: Team, group: str, plurals: tuple[str, ...]) -> None:
    """Wait until the policy is in force: an object comes back other than without it."""
    kind = {"deployments": "Deployment", "jobs": "Job", "pods": "Pod"}[plurals[0]]
    labels = {"app": "probe"}
    pod: Object = {"containers": [{"name": "probe", "image": "probe:1"}]}
    spec: Object = {"template": {"metadata": {"labels": labels}, "spec": pod}}
    if kind == "Deployment":
        spec["selector"] = {"matchLabels": labels}
    elif kind == "Job":
        pod["restartPolicy"] = "Never"
    version = f"{group}/v1" if group else "v1"
    metadata = {"name": "probe", "labels": labels}
    body = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": pod if kind == "Pod" else spec}

    def changed() -> bool:
        words = ("create", "-n", team.namespace, "--dry-run=server", "-o", "json", "-f", "-")
        try:
            made = json.loads(team.plane.kubectl(*words, text=json.dumps(body)))["spec"]
        except ClusterError:
            return False
        container = made.get("template", {"spec": made})["spec"]["containers"][0]
        added = ("ttlSecondsAfterFinished", "suspend", "schedulingGates")
        return bool(container["image"] != "probe:1" or container["resources"] or any(made.get(name) for name in added))

    waiting.until(changed, what="the policy to be in force", seconds=30, pause=0.3)


@contextmanager
def refusing(team: Team, group: str, plural: str, unless: str) -> Iterator[None]:
    """A policy that admits only some objects of a kind in the team's namespace."""
    name = f"refuses-{team.namespace}"
    rules = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [plural]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}
    spec = {
        "matchConstraints": {"resourceRules": [rules], "namespaceSelector": here},
        "validations": [{"expression": unless, "message": "not in this team"}],
    }
    _apply(team, "ValidatingAdmissionPolicy", name, spec)
    binding = {"policyName": name, "validationActions": ["Deny"]}
    _apply(team, "ValidatingAdmissionPolicyBinding", name, binding)
    try:
        time.sleep(3)  # the API server says nowhere that it has begun
        yield
    finally:
        team.plane.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)
