"""Every object of a few servers, as files: GOLDEN=update writes them again."""

import os
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.kinds import LISTED
from mlflow_operator.desired import names
from mlflow_operator.desired.collection import program as collection
from mlflow_operator.desired.managed import postgres
from mlflow_operator.desired.preparation import job
from mlflow_operator.desired.server import deployment, encryption, links, metrics
from unit.desired.servers import everything

FOLDER = Path(__file__).parents[2] / "golden" / "server"
CASES = sorted(path.name.removesuffix(".input.yaml") for path in FOLDER.glob("*.input.yaml"))


class WithoutAliases(yaml.SafeDumper):
    """Write what is shared as often as it occurs."""

    def ignore_aliases(self, data: object) -> bool:
        """Never refer to another place in the file."""
        return True


def readable(obj: dict[str, Any]) -> dict[str, Any]:
    """The object with programs and fingerprints named instead of shown."""
    if names.APPLIED_ANNOTATION in obj["metadata"]["annotations"]:
        obj["metadata"]["annotations"][names.APPLIED_ANNOTATION] = "(fingerprint of this object)"
    if obj["kind"] == "Job":
        obj["metadata"]["name"] = f"{obj['metadata']['name'].rpartition('-')[0]}-fingerprint"
    for container in containers(obj):
        programs = {
            job.script(): "(the preparation's program)",
            collection.text(): "(the collection's program)",
            metrics.program(): "(show_metrics.py)",
            postgres.start_script(): "(start_postgres.sh)",
            deployment.start_script(): "(start_server.py)",
            deployment.leaving(): "(take_leave.py)",
            deployment.strangers(): "(strangers.py)",
            encryption.following(): "(follow_certificate.py)",
            links.program(): "(through_server.py)",
        }
        if "command" in container:
            container["command"] = [programs.get(word, word) for word in container["command"]]
    return obj


def containers(obj: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of an object's pods."""
    spec = obj.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    return list(spec["template"]["spec"]["containers"]) if "template" in spec else []


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """A server's objects are those in the file, and all of them are valid Kubernetes objects."""
    server = MLflowServer.parse(yaml.safe_load((FOLDER / f"{case}.input.yaml").read_text()))
    objects = [readable(o) for o in everything(server).values()]
    for obj in (o for o in objects if o["kind"] not in LISTED):  # others define those
        kubernetes_validate.validate(obj, kubernetes_validate.latest_version(), strict=True)
    text = yaml.dump_all(objects, Dumper=WithoutAliases, sort_keys=False, width=120)
    path = FOLDER / f"{case}.yaml"
    if os.environ.get("GOLDEN") == "update":
        path.write_text(text)
    assert path.read_text() == text, "GOLDEN=update writes the file again"
