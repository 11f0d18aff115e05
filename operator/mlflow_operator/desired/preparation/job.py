"""The Job that has to succeed before the Deployment moves: the schema is right, the artifact store works.

One at a time, because MLflow takes no lock: of several servers that migrate one database at once all but one fail.
A Job's template cannot be changed, so another template is another name, and an existing Job is left alone. What the
stores notice of it is less, and decides whether a success of before still counts.
"""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, pod, versions, volumes
from mlflow_operator.desired.backup.restoring import BUCKET_CONTAINER, CONTAINER, REFUSED, restoring
from mlflow_operator.desired.companions import accompanied
from mlflow_operator.desired.inputs import Inputs, Object, digest
from mlflow_operator.desired.preparation import program
from mlflow_operator.desired.server import service_account
from mlflow_operator.desired.server.environment import prepare_environment, probes_artifacts
from mlflow_operator.desired.variables import plain

TERMINAL_EXIT_CODE, ASKED_EXIT_CODE = 3, 4
"""How the script ends when only a user can help, and when it has said which migration is to come."""
_ASK = "PREPARE_ASK"
_HOPELESS = {
    names.PREPARE: [TERMINAL_EXIT_CODE, ASKED_EXIT_CODE],
    BUCKET_CONTAINER: [TERMINAL_EXIT_CODE],
    CONTAINER: [*REFUSED],
}
DEADLINE_SECONDS = 6 * 3600
"""Migrations of large databases take their time."""


def prepare_job(server: MLflowServer, inputs: Inputs, fingerprint: str, *, asks: bool = True) -> Object:
    """The Job; ``fingerprint`` is that of everything that the pod references.

    ``asks``: where there is a schema to be migrated it says so, and ends without having done it.

    Raises:
        Terminal: UnsupportedVersion.
    """
    version = versions.version(server)
    identity = service_account.identity(server)
    body = restoring(server, inputs, accompanied(server, _pod(server, inputs, asks=asks), beside=False))
    template = pod.template(server, inputs, names.PREPARE, body, version=version, annotations=identity, ends=True)
    name = names.preparation(server, digest([template, fingerprint]))
    metadata = names.metadata(server, name, names.PREPARE, version=version)
    metadata["annotations"] = {names.STORES_ANNOTATION: _noticed(server, template["spec"], fingerprint)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 6,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "podFailurePolicy": {
                "rules": [
                    *(
                        {
                            "action": "FailJob",
                            "onExitCodes": {"containerName": name, "operator": "In", "values": codes},
                        }
                        for name, codes in _HOPELESS.items()
                        if name in {c["name"] for c in (*body["containers"], *body.get("initContainers", []))}
                    ),
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "template": template,
        },
    }


def noticed(job: Object) -> str:
    """Fingerprint of what the stores notice of a Job."""
    found: str = job["metadata"]["annotations"][names.STORES_ANNOTATION]
    return found


def _noticed(server: MLflowServer, rendered: Object, fingerprint: str) -> str:
    """Which program comes as whom, with which settings and credentials, to which stores; not on which node it runs."""
    container = next(c for c in rendered["containers"] if c["name"] == names.PREPARE)
    claims = [v["persistentVolumeClaim"] for v in rendered["volumes"] if "persistentVolumeClaim" in v]
    told = container | {"env": [v for v in container["env"] if v["name"] != _ASK]}
    more = [server.spec.volumes, server.spec.volume_mounts, server.spec.init_containers]
    return digest(
        [
            {name: told.get(name) for name in ("image", "env", "envFrom")},
            # A volume notices user and groups, a database and a bucket do not.
            [claims, rendered["securityContext"]] if claims else [],
            [rendered["serviceAccountName"], server.spec.service_account.annotations],
            fingerprint,
            *([more] if any(more) else []),
        ]
    )


def _pod(server: MLflowServer, inputs: Inputs, *, asks: bool) -> Object:
    return {
        "restartPolicy": "Never",
        "serviceAccountName": names.service_account(server),
        "affinity": pod.near_the_server(server),
        "containers": [_container(server, inputs, asks=asks)],
        "volumes": _volumes(server),
    }


def _container(server: MLflowServer, inputs: Inputs, *, asks: bool) -> Object:
    fields: Object = {
        "command": ["python", "-c", script()],
        "env": [*prepare_environment(server), *([plain(_ASK, "true")] if asks else [])],
        "volumeMounts": [pod.TMP_MOUNT, *_mounts(server)],
    }
    policy = server.spec.image.pull_policy
    image = versions.image(server, inputs.images)
    return pod.container(names.PREPARE, image, inputs.images, pull_policy=policy, **fields, **pod.of_user(server))


def _volumes(server: MLflowServer) -> list[Object]:
    return [v for v in volumes.pod_volumes(server) if v["name"] != "artifacts" or probes_artifacts(server)]


def _mounts(server: MLflowServer) -> list[Object]:
    wanted = {volume["name"] for volume in _volumes(server)}
    return [mount for mount in volumes.mounts(server) if mount["name"] in wanted]


def script() -> str:
    """The program of the container; it depends on nothing but what a server's image has."""
    return program.text()
