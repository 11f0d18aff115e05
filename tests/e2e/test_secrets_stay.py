"""That no secret is shown is only worth something where one that is shown would be found."""

import json
import secrets
import time
from base64 import b64encode

import pytest

from cluster.host import waiting
from cluster.leaks.recorder import PAUSE, Recorder
from cluster.nodes import images
from cluster.providers.provider import Cluster
from cluster.services.team import Object

pytestmark = pytest.mark.e2e

SHOWN = {
    "log": "logs",
    "argument": "arguments",
    "message": "objects/pods",
    "object": "objects/configmaps",
    "event": "objects/events",
}
"""Where the value of each key is shown, and nowhere else."""


def test_a_secret_that_is_shown_is_found(node: Cluster, node_namespace: str, recorder: Recorder | None) -> None:
    """Wherever it was, although pod and object are gone by then."""
    if recorder is None:
        pytest.skip(f"logs and processes of the provider {node.name} are not this machine's")
    values = {key: secrets.token_urlsafe(16) for key in SHOWN}
    apply(node, node_namespace, planted("Secret", stringData=values))
    waiting.until(lambda: recorder.knows(node_namespace, "planted"), what="the Secret to be seen", seconds=20)
    try:
        show(node, node_namespace, values)
        found = recorder.leaks(node_namespace)
    finally:
        recorder.forget(node_namespace)
    places = {whose.rpartition(" ")[2]: place for place, whose in found}
    assert len(found) == len(SHOWN), found
    assert {key: place for key, place in places.items() if not place.startswith(SHOWN[key])} == {}


def show(node: Cluster, namespace: str, values: dict[str, str]) -> None:
    """Show each where it says, and delete what has shown it."""
    data = {"of": b64encode(f"somebody:{values['object']}".encode()).decode()}
    regarding = {"kind": "Pod", "name": "planted", "namespace": namespace}
    event = {"involvedObject": regarding, "message": f"it is {values['event']}", "reason": "Planted", "type": "Normal"}
    apply(node, namespace, planted("ConfigMap", data=data), planted("Event", **event), planted("Pod", spec=pod()))
    node.kubectl("-n", namespace, "wait", "pod/planted", "--for=jsonpath={.status.phase}=Running", "--timeout=90s")
    ended = "--for=jsonpath={.status.containerStatuses[?(@.name=='ends')].state.terminated.reason}=Completed"
    node.kubectl("-n", namespace, "wait", "pod/planted", ended, "--timeout=60s")
    time.sleep(4 * PAUSE)
    node.kubectl("-n", namespace, "delete", "pod/planted", "configmap/planted", "--timeout=60s")


def apply(node: Cluster, namespace: str, *objects: Object) -> None:
    """Make objects."""
    made = {"apiVersion": "v1", "kind": "List", "items": objects}
    node.kubectl("-n", namespace, "create", "-f", "-", text=json.dumps(made))


def planted(kind: str, **fields: object) -> Object:
    """An object."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "planted"}, **fields}


def pod() -> Object:
    """One container shows a secret in its log and in its arguments, the other in its last words."""
    return {
        "containers": [
            container("stays", 'echo "it is $log"; exec python -c "import time; time.sleep(600)" "$argument"'),
            container("ends", 'printf "it is $message" > /dev/termination-log'),
        ],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }


def container(name: str, script: str) -> Object:
    """One that knows them all."""
    return {
        "name": name,
        "image": images.SERVER.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        "envFrom": [{"secretRef": {"name": "planted"}}],
    }
