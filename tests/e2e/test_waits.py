"""On a real node: what keeps pods from running is told within half a minute, and goes when its cause does.

All that can go wrong does so at once, to servers of one namespace: most of the time is spent waiting.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.host import folders, waiting
from cluster.host.errors import ClusterError
from cluster.providers.provider import Cluster
from cluster.services.team import Object, Team, condition, is_ready
from demo.story import PROFILES

from .teams import START_SECONDS, restricted_team

pytestmark = pytest.mark.e2e

SECONDS = 30.0
PRODUCTION = folders.CHECKOUT / PROFILES["production"].server
USER = 1000650000
STAYING = ("crash", "claim")
# Nothing of it is kept, so it needs no volume, and starts as fast as MLflow does.
LIGHT: Object = {
    "workers": 1,
    "backendStore": {"uriSecretRef": {"name": "database", "key": "uri"}},
    "artifactStore": {"s3": {"bucket": "nowhere"}, "verify": "None"},
}


@dataclass(frozen=True)
class Trouble:
    """What somebody wrote, and what is told of it; ``spec`` without it is fine."""

    reason: str
    told: str
    spec: Object = field(default_factory=dict)
    stays: bool = False
    """The spec is as it should be: the cause is around it."""


def troubles(unique: str) -> dict[str, Trouble]:
    """By the name of a server."""
    image: Object = {"repository": "nowhere.invalid/mlflow", "tag": "1"}
    claim: Object = {"persistentVolume": {"storageClassName": unique, "size": "1Gi"}, "verify": "None"}
    return {
        "image": Trouble("ImagePullFailed", "nowhere.invalid/mlflow:1", {"image": image}),
        "selector": Trouble("Unschedulable", "didn't match Pod's node", {"nodeSelector": {"no": "such-node"}}),
        "standard": Trouble(
            "PodsRefused", "violates PodSecurity", {"podSecurityContext": {"seLinuxOptions": {"user": "somebody"}}}
        ),
        "limits": Trouble("PodsRefused", "maximum memory usage", {"resources": {"limits": {"memory": "3Gi"}}}),
        "quota": Trouble("PodsRefused", "exceeded quota: small", {"priorityClassName": unique}, stays=True),
        "claim": Trouble("VolumePending", "persistent volumes", {"artifactStore": claim}, stays=True),
        "crash": Trouble("PodCrashed", "its log says why", {"env": [{"name": "MLFLOW_WORKERS", "value": "many"}]}),
    }


@pytest.fixture
def team(node: Cluster) -> Iterator[Team]:
    """A team in a namespace of its own, which takes restricted pods only."""
    with restricted_team(node) as team:
        yield team


@pytest.fixture
def around(team: Team) -> Iterator[str]:
    """What administrators have put around the servers; the name of what is not in the namespace."""
    limits = [{"type": "Container", "max": {"memory": "2Gi"}}]
    apply(
        team,
        obj("scheduling.k8s.io/v1", "PriorityClass", team.namespace, value=0),
        obj("storage.k8s.io/v1", "StorageClass", team.namespace, provisioner="kubernetes.io/no-provisioner")
        | {"volumeBindingMode": "WaitForFirstConsumer"},
        quota(team, pods="0"),
        obj("v1", "LimitRange", "small", team, spec={"limits": limits}),
        obj("v1", "Secret", "database", team, stringData={"uri": "sqlite:////tmp/mlflow.db"}),
    )
    yield team.namespace
    kinds = "priorityclass,storageclass,persistentvolume"
    team.plane.kubectl("delete", kinds, team.namespace, "--ignore-not-found", "--wait=false")


def obj(version: str, kind: str, name: str, team: Team | None = None, **fields: Any) -> Object:
    """An object, of a team's namespace or of none."""
    metadata = {"name": name} | ({"namespace": team.namespace} if team else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def quota(team: Team, **hard: str) -> Object:
    """A quota for one priority, so that it is one server's."""
    here = {"scopeName": "PriorityClass", "operator": "In", "values": [team.namespace]}
    spec = {"hard": hard, "scopeSelector": {"matchExpressions": [here]}}
    return obj("v1", "ResourceQuota", "small", team, spec=spec)


def volume(team: Team, claim: str) -> Object:
    """A volume for one claim."""
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": team.namespace, "name": claim}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": team.namespace,
        "claimRef": reference,
        "hostPath": {"path": f"/tmp/{team.namespace}", "type": "DirectoryOrCreate"},
    }
    return obj("v1", "PersistentVolume", team.namespace, spec=spec)


def apply(team: Team, *objects: Object) -> None:
    """As an administrator does."""
    team.plane.kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def shown(team: Team) -> dict[str, str]:
    """What a person sees of each server."""
    table = team.plane.kubectl("get", "mls", "-n", team.namespace, "-o", "wide", "--no-headers")
    return {line.split()[0]: line for line in table.splitlines()}


def has_crashed(team: Team, name: str) -> bool:
    """Whether a container of the server has ended."""
    ends = "jsonpath={.items[*].status.containerStatuses[*]['state','lastState'].terminated.exitCode}"
    which = f"app.kubernetes.io/component=server,app.kubernetes.io/instance={name}"
    return bool(team.plane.kubectl("get", "pods", "-n", team.namespace, "-l", which, "-o", ends).strip())


def seconds_until_told(team: Team, wanted: dict[str, Trouble]) -> dict[str, float]:
    """For each server the seconds from when it could be known until it was told."""
    begun, took = dict.fromkeys(wanted, time.monotonic()), dict[str, float]()

    def all_told() -> bool:
        now, lines = time.monotonic(), shown(team)
        for name, trouble in wanted.items():
            line = lines.get(name, "")
            if trouble.reason == "PodCrashed" and name not in took and not has_crashed(team, name):
                begun[name] = now  # its stores are well and come first, and MLflow takes its time to fail
            if trouble.reason in line and trouble.told in line:
                took.setdefault(name, now - begun[name])
        return took.keys() == wanted.keys()

    try:
        waiting.until(all_told, what="every reason", seconds=SECONDS * 4, pause=0.5)
    except ClusterError as error:
        raise ClusterError(f"{error}; told are {sorted(took)}\n" + "\n".join(shown(team).values())) from error
    return took


def until_gone(team: Team, wanted: dict[str, Trouble]) -> None:
    """Wait until no server has the reason that it had; those that only cost time from then on are deleted."""
    left = dict(wanted)

    def all_gone() -> bool:
        lines = shown(team)
        for name, trouble in list(left.items()):
            if f" {trouble.reason} " not in lines.get(name, ""):
                del left[name]
                if name not in STAYING:
                    team.plane.kubectl("delete", "mls", name, "-n", team.namespace, "--wait=false")
        return not left

    waiting.until(all_gone, what="every reason to go", seconds=SECONDS * 4, pause=0.5)


def test_what_keeps_pods_from_running_is_told_and_goes_with_its_cause(team: Team, around: str) -> None:
    """In the table of kubectl, in words of who knows it; a server then gets ready without anybody's help."""
    wanted = troubles(around)
    team.apply_all([team.object("MLflowServer", name, LIGHT | trouble.spec) for name, trouble in wanted.items()])
    took = seconds_until_told(team, wanted)
    print({name: round(seconds, 1) for name, seconds in took.items()})
    assert {name: seconds for name, seconds in took.items() if seconds > SECONDS} == {}
    apply(team, quota(team, pods="10"), volume(team, "claim-artifacts"))
    mended = [team.object("MLflowServer", name, LIGHT) for name, trouble in wanted.items() if not trouble.stays]
    team.apply_all(mended)
    until_gone(team, wanted)
    for name in STAYING:
        ready = team.until("mlflowserver", name, is_ready, seconds=START_SECONDS)
        assert condition(ready, "DatabaseReady")["status"] == "True"


@pytest.fixture
def ranged(team: Team) -> Iterator[Team]:
    """A team whose namespace has a range of users, as a platform gives it; pods of every other are refused."""
    group, name = "admissionregistration.k8s.io/v1", f"range-of-{team.namespace}"
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": team.namespace}}
    expression = f"object.spec.securityContext.?runAsUser.orValue(0) >= {USER}"
    spec = {
        "matchConstraints": {"namespaceSelector": here, "resourceRules": [pods]},
        "validations": [{"expression": expression, "message": "must be in the ranges of the namespace"}],
    }
    apply(
        team,
        obj(group, "ValidatingAdmissionPolicy", name, spec=spec),
        obj(group, "ValidatingAdmissionPolicyBinding", name, spec={"policyName": name, "validationActions": ["Deny"]}),
    )
    yield team
    team.plane.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def test_the_production_sample_runs_as_a_user_that_no_image_knows(ranged: Team) -> None:
    """PostgreSQL, object store, preparation and server: nothing needs a user that its image names."""
    sample = yaml.safe_load(Path(PRODUCTION).read_text())["spec"]
    user = {"runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
    ranged.apply("MLflowServer", "mlflow", sample | {"podSecurityContext": user})
    ranged.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
    who = ranged.plane.kubectl("-n", ranged.namespace, "exec", "mlflow-postgres-0", "--", "id", "-u")
    assert who.strip() == str(USER)
