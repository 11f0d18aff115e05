"""The Job of a gate, as files: GOLDEN=update writes them again."""

import os
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from mlflow_operator import desired
from mlflow_operator.api.gates.jobs import JobGate
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.desired import names
from unit.desired.servers import server

FOLDER = Path(__file__).parents[2] / "golden" / "gate"
CASES = sorted(path.name.removesuffix(".input.yaml") for path in FOLDER.glob("*.input.yaml"))
ABOUT = {"MODEL_NAME": "fraud", "MODEL_VERSION": "7", "MODEL_URI": "models:/fraud/7", "RUN_ID": "r", "BASELINE_URI": ""}


def claim(namespace: str = "team") -> ModelPromotion:
    """A claim on a server of the namespace `team`."""
    meta = {"name": "fraud-production", "namespace": namespace, "uid": "c1a1"}
    at = {"name": "mlflow", "namespace": "team"}
    spec = {"serverRef": at, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    return ModelPromotion.parse({"metadata": meta, "spec": spec})


def built(case: dict[str, Any], namespace: str = "team", **options: Any) -> dict[str, Any]:
    """The Job of a gate at a server."""
    gate = JobGate.model_validate(case["gate"])
    name = names.gate_job("fraud-production", gate.name, "0123456789ab", 1)
    external = case["server"]["external"]
    where = desired.endpoint(server(case["server"]), "cluster.local").within(external.get("workspace", ""))
    return desired.gate_job(claim(namespace), gate, name, ABOUT, where, **options)


def given(case: str) -> dict[str, Any]:
    """What a file has."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{case}.input.yaml").read_text())
    return found


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str) -> None:
    """The Job is the one in the file, and a valid one."""
    job = built(given(case))
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    text = yaml.safe_dump(job, sort_keys=False, width=120)
    path = FOLDER / f"{case}.yaml"
    if os.environ.get("GOLDEN") == "update":
        path.write_text(text)
    assert path.read_text() == text, "GOLDEN=update writes the file again"


@pytest.mark.parametrize("case", CASES)
def test_its_pod_is_a_restricted_one(case: str) -> None:
    """Whatever got past the schema: no privilege, no root, and no token of the default account."""
    case_ = given(case)
    spec = case_["gate"]["template"]["spec"]
    spec["hostNetwork"] = spec["hostPID"] = spec["hostIPC"] = True
    spec["securityContext"] = {"runAsNonRoot": False}
    wild = {"privileged": True, "allowPrivilegeEscalation": True, "capabilities": {"add": ["SYS_ADMIN"]}}
    spec["containers"][0]["securityContext"] = wild
    pod = built(case_)["spec"]["template"]["spec"]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    secured = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod["containers"][0]["securityContext"] == secured
    assert pod["automountServiceAccountToken"] is ("serviceAccountName" in pod)


def test_no_service_finds_its_pod() -> None:
    """Labels of a template do not make it a pod of a server."""
    labels = built(given("everything"))["spec"]["template"]["metadata"]["labels"]
    assert not names.selector(server({"external": {"url": "http://a"}}), names.SERVER).items() <= labels.items()
    assert labels[names.COMPONENT_LABEL] == names.GATE


def test_authorities_of_another_namespace_are_not_mounted() -> None:
    """A pod cannot, and what the server's namespace has is not handed out."""
    text = yaml.safe_dump(built(given("everything"), "elsewhere"))
    assert ("authorities" in text, "CERT_PATH" in text) == (False, False)


def test_no_secret_is_mounted_that_the_template_does_not_name() -> None:
    """Its writer was asked whether he may read those that it names."""
    case = given("least")
    case["server"]["external"] |= {
        "credentialsSecretRef": {"name": "login"},
        "caBundle": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}},
    }
    assert "ecret" not in yaml.safe_dump(built(case))


def test_a_platform_may_choose_the_users() -> None:
    """As for the pods of servers."""
    pod = built(given("least"), user_ids="Platform")["spec"]["template"]["spec"]
    assert "runAsUser" not in pod["securityContext"]


def test_names_are_bounded_and_told_apart() -> None:
    """Any name of a claim makes a name of a Job, with the question and the try in it."""
    found = {
        names.gate_job(claim, "fairness", known, tries)
        for claim in ("a", "a" * 253, "9.b")
        for known, tries in (("0123456789ab", 1), ("0123456789ab", 2), ("ba9876543210", 1))
    }
    assert len(found) == 9
    assert all(len(name) <= names.MAX for name in found)
