"""On a real node: what keeps pods from running is told within half a minute, and goes when its cause does."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.provider import Cluster
from cluster.team import Object, Team, condition, has_reason, is_ready
from demo import installation
from demo.story import PROFILES

pytestmark = pytest.mark.e2e

SECONDS = 30.0
START_SECONDS = 300.0
SPEC: Object = {"backendStore": {"sqlite": {}}, "artifactStore": {"persistentVolume": {}}}


@pytest.fixture(scope="module")
def installed(node: Cluster) -> Cluster:
    """A node with the operator."""
    node.recycle_volumes()
    for image in PROFILES["quickstart"].images:
        node.load(image)
    installation.install(node)
    return node


@pytest.fixture
def team(installed: Cluster) -> Iterator[Team]:
    """A team in a namespace of its own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    installed.kubectl("create", "namespace", name)
    yield Team(installed, name)
    installed.kubectl("delete", "namespace", name, "--wait=false")


def quota(team: Team, **hard: str) -> None:
    """A quota of the namespace."""
    metadata = {"name": "small", "namespace": team.namespace}
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}
    team.plane.kubectl("apply", "-f", "-", text=json.dumps(body))


@pytest.mark.parametrize(
    ("bad", "good", "reason", "told"),
    [
        ({"image": {"repository": "nowhere.invalid/mlflow", "tag": "1"}}, {}, "ImagePullFailed", "nowhere.invalid"),
        ({"nodeSelector": {"no": "such-node"}}, {}, "Unschedulable", "the preparation"),
    ],
    ids=["an image that does not exist", "a node that does not exist"],
)
def test_a_mistake_is_told_and_its_correction_is_enough(
    team: Team, bad: dict[str, Any], good: dict[str, Any], reason: str, told: str
) -> None:
    """Corrected, the same server gets ready without anybody's help."""
    team.apply("MLflowServer", "mlflow", {**SPEC, **bad})
    waits = team.until("mlflowserver", "mlflow", has_reason(reason), seconds=SECONDS)
    assert told in condition(waits, "Ready")["message"]
    team.apply("MLflowServer", "mlflow", {**SPEC, **good})
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)


def test_a_quota_is_told_and_raising_it_is_enough(team: Team) -> None:
    """The Job's controller tries again by itself."""
    quota(team, pods="0")
    team.apply("MLflowServer", "mlflow", SPEC)
    waits = team.until("mlflowserver", "mlflow", has_reason("PodsRefused"), seconds=SECONDS)
    assert "exceeded quota: small" in condition(waits, "Ready")["message"]
    quota(team, pods="10")
    team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
