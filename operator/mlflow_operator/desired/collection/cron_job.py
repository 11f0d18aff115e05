"""The CronJob that removes for good what users have deleted; its pods reach the stores as the preparation's do."""

from mlflow_operator.api.durations import span
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.garbage_collection import GarbageCollection
from mlflow_operator.desired import names, pod, scheduled, stores, versions, volumes
from mlflow_operator.desired.collection import program
from mlflow_operator.desired.companions import accompanied
from mlflow_operator.desired.inputs import Inputs, Object
from mlflow_operator.desired.server import service_account
from mlflow_operator.desired.server.environment import stores_environment
from mlflow_operator.desired.variables import overridden, plain

TERMINAL_EXIT_CODE = 3
"""How the program ends when only a user can help."""


def objects(server: MLflowServer, inputs: Inputs) -> list[Object]:
    """The CronJob, if the spec asks for it."""
    wanted = server.spec.garbage_collection
    if wanted is None:
        return []
    timing = scheduled.Timing(wanted.schedule, wanted.time_zone, wanted.suspend)
    template = pod.template(
        server,
        inputs,
        names.COLLECT,
        accompanied(server, _pod(server, wanted, inputs), beside=False),
        annotations=service_account.identity(server),
        ends=True,
    )
    task = scheduled.Task(names.COLLECT, template, {names.COLLECT: [TERMINAL_EXIT_CODE]})
    return [scheduled.cron_job(server, names.collection(server), timing, task)]


def _pod(server: MLflowServer, wanted: GarbageCollection, inputs: Inputs) -> Object:
    return {
        "restartPolicy": "Never",
        "serviceAccountName": names.service_account(server),
        "affinity": pod.near_the_server(server),
        "containers": [_container(server, wanted, inputs)],
        "volumes": volumes.pod_volumes(server),
    }


def _container(server: MLflowServer, wanted: GarbageCollection, inputs: Inputs) -> Object:
    fields = {"envFrom": server.spec.env_from} if server.spec.env_from else {}
    return pod.container(
        names.COLLECT,
        versions.image(server, inputs.images),
        inputs.images,
        pull_policy=server.spec.image.pull_policy,
        command=["python", "-c", program.text()],
        env=_environment(server, wanted),
        resources=pod.resources(wanted.resources, {"cpu": "100m", "memory": "512Mi"}),
        volumeMounts=[pod.TMP_MOUNT, *volumes.mounts(server)],
        **fields,
    )


def _environment(server: MLflowServer, wanted: GarbageCollection) -> list[Object]:
    own = [
        *stores_environment(server),
        plain("MLFLOW_ARTIFACTS_DESTINATION", stores.artifacts_uri(server)),
        plain("COLLECT_OLDER_THAN_SECONDS", str(int(span(wanted.older_than).total_seconds()))),
        plain("COLLECT_DRY_RUN", "true" if wanted.dry_run else "false"),
    ]
    return overridden(own, server.spec.env)
