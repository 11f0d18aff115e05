"""The Job of a gate: the user's pod, without privileges and without a login, told which version it is about.

Made once under a name of its own, and never changed: whoever finds it there leaves it alone.
"""

from collections.abc import Mapping

from mlflow_operator.api.durations import span
from mlflow_operator.api.gates.jobs import JobGate
from mlflow_operator.api.gates.pods import GateContainer
from mlflow_operator.api.meta import ConfigMapKeyRef
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.schema import ApiModel
from mlflow_operator.desired import names, pod
from mlflow_operator.desired.endpoint import Endpoint
from mlflow_operator.desired.inputs import Object
from mlflow_operator.desired.variables import overridden, plain

KEPT_SECONDS = 24 * 3600
"""For which a Job that ended is kept at most, where the operator is not there to delete it."""
_AUTHORITIES = "mlflow-authorities"
_FOLDER = "/etc/mlflow-authorities"
_FIXED = ("restart_policy", "host_network", "host_pid", "host_ipc", "automount_service_account_token")
"""Fields of the template that say what is so anyway, or that are written below."""


def gate_job(
    claim: ModelPromotion,
    gate: JobGate,
    name: str,
    about: Mapping[str, str],
    where: Endpoint,
    *,
    user_ids: str = "Fixed",
) -> Object:
    """The Job of a gate; ``about`` are variables that say which version is validated, ``where`` is its MLflow."""
    meta = gate.template.metadata
    labels = {**meta.labels, **names.gate_labels()}
    told = {"annotations": dict(meta.annotations)} if meta.annotations else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": claim.metadata.namespace,
            "labels": names.gate_labels(),
            "ownerReferences": [names.owner_reference(claim)],
        },
        "spec": {
            "backoffLimit": gate.backoff_limit,
            "activeDeadlineSeconds": int(span(gate.active_deadline).total_seconds()),
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            # Whoever drains a node has no say in it.
            "podFailurePolicy": {
                "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
            },
            "template": {"metadata": {"labels": labels, **told}, "spec": _pod(claim, gate, about, where, user_ids)},
        },
    }


def _pod(claim: ModelPromotion, gate: JobGate, about: Mapping[str, str], where: Endpoint, user_ids: str) -> Object:
    """The user's pod; what makes it a restricted one is the operator's, whatever the template says."""
    wanted, authorities = gate.template.spec, _authorities(claim, where)
    (container,) = wanted.containers
    found = _set(wanted, "containers", "security_context", "volumes", *_FIXED)
    volumes = [volume.wire() for volume in wanted.volumes]
    if authorities:
        item = {"key": authorities.key, "path": authorities.key}
        volumes.append({"name": _AUTHORITIES, "configMap": {"name": authorities.name, "items": [item]}})
    return {
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        **found,
        "automountServiceAccountToken": wanted.automount_service_account_token or False,
        "securityContext": pod.security_context(wanted.security_context, user_ids) | {"runAsNonRoot": True},
        "containers": [_container(container, _variables(about, where, authorities), authorities)],
        **({"volumes": volumes} if volumes else {}),
    }


def _container(wanted: GateContainer, variables: list[Object], authorities: ConfigMapKeyRef | None) -> Object:
    mounts = [mount.wire() for mount in wanted.volume_mounts]
    if authorities:
        mounts.append({"name": _AUTHORITIES, "mountPath": _FOLDER, "readOnly": True})
    said = wanted.security_context
    ids = {"runAsUser": said.run_as_user, "runAsGroup": said.run_as_group}
    ids |= {"readOnlyRootFilesystem": said.read_only_root_filesystem}
    resources = pod.resources(wanted.resources, {})
    return {
        **_set(wanted, "env", "volume_mounts", "security_context", "resources"),
        **({"resources": resources} if resources else {}),
        # What the container has written there on purpose; the end of its log may hold what nobody should read.
        "terminationMessagePolicy": "File",
        "env": overridden(variables, wanted.env),
        **({"volumeMounts": mounts} if mounts else {}),
        "securityContext": {**pod.UNPRIVILEGED, **{k: v for k, v in ids.items() if v is not None}},
    }


def _variables(about: Mapping[str, str], where: Endpoint, authorities: ConfigMapKeyRef | None) -> list[Object]:
    found = {"MLFLOW_TRACKING_URI": where.url}
    if where.workspace:
        found["MLFLOW_WORKSPACE"] = where.workspace
    if authorities:
        found["MLFLOW_TRACKING_SERVER_CERT_PATH"] = f"{_FOLDER}/{authorities.key}"
    return [plain(name, value) for name, value in (found | dict(about)).items()]


def _authorities(claim: ModelPromotion, where: Endpoint) -> ConfigMapKeyRef | None:
    """The authorities of the server, where a pod of the claim can mount them: a ConfigMap of the same namespace.

    A Secret is mounted only where the template names it: its writer has to have a right to it.
    """
    near = claim.server_namespace == claim.metadata.namespace
    return where.authorities.config_map_key_ref if near and where.authorities else None


def _set(model: ApiModel, *but: str) -> Object:
    """What a template sets, without some of it and without what is empty."""
    wire = model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(but))
    return {name: value for name, value in wire.items() if value not in ({}, [])}
