"""The Job that has to succeed before the Deployment moves: the schema is right, the artifact store works.

One at a time, because MLflow takes no lock: of several servers that migrate one database at once all but one fail.
A Job's template cannot be changed, so its name says what it was made for, and an existing one is left alone.
"""

from importlib.resources import files

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, pod, service_account, versions, volumes
from mlflow_operator.desired.environment import prepare_environment, probes_artifacts
from mlflow_operator.desired.inputs import Inputs, Object, digest

TERMINAL_EXIT_CODE = 3
"""How the script ends when only a user can help."""
DEADLINE_SECONDS = 6 * 3600
"""Migrations of large databases take their time."""


def name(server: MLflowServer, inputs: Inputs, fingerprint: str) -> str:
    """Name of the Job for this image, these stores with these credentials, and this identity.

    Raises:
        Terminal: UnsupportedVersion.
    """
    made_for = [
        versions.image(server, inputs.images),
        prepare_environment(server),
        server.spec.env_from,
        _volumes(server),
        names.service_account(server),
        service_account.identity(server),
        fingerprint,
    ]
    return names.preparation(server, digest(made_for))


def prepare_job(server: MLflowServer, inputs: Inputs, fingerprint: str) -> Object:
    """The Job; ``fingerprint`` is that of everything that the pod references."""
    metadata = names.metadata(
        server, name(server, inputs, fingerprint), names.PREPARE, version=versions.version(server)
    )
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 6,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": "prepare",
                            "operator": "In",
                            "values": [TERMINAL_EXIT_CODE],
                        },
                    },
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "template": pod.template(
                server,
                inputs,
                names.PREPARE,
                _pod(server, inputs),
                version=versions.version(server),
                annotations=service_account.identity(server),
            ),
        },
    }


def _pod(server: MLflowServer, inputs: Inputs) -> Object:
    near_the_server = {
        "weight": 100,
        "podAffinityTerm": {
            "labelSelector": {"matchLabels": names.selector(server, names.SERVER)},
            "topologyKey": "kubernetes.io/hostname",
        },
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": names.service_account(server),
        # A ReadWriteOnce volume can only be mounted where the running server has it.
        "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [near_the_server]}},
        "containers": [_container(server, inputs)],
        "volumes": _volumes(server),
    }


def _container(server: MLflowServer, inputs: Inputs) -> Object:
    fields: Object = {
        "command": ["python", "-c", script()],
        "env": prepare_environment(server),
        # Without a message from the script the log says why it could not even start.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [pod.TMP_MOUNT, *_mounts(server)],
    }
    policy = server.spec.image.pull_policy
    image = versions.image(server, inputs.images)
    return pod.container("prepare", image, inputs.images, pull_policy=policy, **fields, **pod.of_user(server))


def _volumes(server: MLflowServer) -> list[Object]:
    return [v for v in volumes.pod_volumes(server) if v["name"] != "artifacts" or probes_artifacts(server)]


def _mounts(server: MLflowServer) -> list[Object]:
    wanted = {volume["name"] for volume in _volumes(server)}
    return [mount for mount in volumes.mounts(server) if mount["name"] in wanted]


def script() -> str:
    """The program of the container; it depends on nothing but what a server's image has."""
    return files(__package__).joinpath("prepare_script.py").read_text()
