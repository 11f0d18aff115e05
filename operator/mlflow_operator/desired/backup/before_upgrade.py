"""The backup Job that is made before a migration: the CronJob's, under a name of its own."""

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import names, scheduled, versions
from mlflow_operator.desired.backup import cron_job
from mlflow_operator.desired.inputs import Inputs, Object, digest


def before_upgrade(server: MLflowServer, inputs: Inputs, stores: str) -> Object | None:
    """The Job, where the spec asks for one; ``stores`` is what the migration is for.

    It has no owner yet: that is the CronJob, which clears it away with its others. Another destination or another
    image of the program is another name, so what was corrected is tried at once.

    Raises:
        Terminal: UnsupportedVersion.
    """
    wanted = server.spec.backup
    if wanted is None or server.spec.upgrade is None or not server.spec.upgrade.backup_first:
        return None
    task = cron_job.task(server, wanted, inputs, inputs.migrated_by or versions.version(server))
    job = scheduled.job(server, task)
    name = names.backup_before(server, digest([server.metadata.uid, stores, job["spec"]]))
    meta = {"name": name, "namespace": server.metadata.namespace, **job["metadata"]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": job["spec"]}
