"""What should exist: a pure function from an MLflowServer and its inputs to Kubernetes objects.

Start reading at ``objects.build``, the one list of what exists and when.
"""

from mlflow_operator.desired.difference import differs, fitted
from mlflow_operator.desired.endpoint import Endpoint, endpoint
from mlflow_operator.desired.gates.job import gate_job
from mlflow_operator.desired.inputs import Desired, Images, Inputs, Key, Object, Reference, digest
from mlflow_operator.desired.names import pod_selector
from mlflow_operator.desired.needs import needs
from mlflow_operator.desired.objects import build, generated_secrets
from mlflow_operator.desired.references import bundles, of_backups, of_restored, references
from mlflow_operator.desired.server.auth import asks_for_login, login_at
from mlflow_operator.desired.server.exposure import external_url, origins
from mlflow_operator.desired.versions import version

__all__ = [
    "Desired",
    "Endpoint",
    "Images",
    "Inputs",
    "Key",
    "Object",
    "Reference",
    "asks_for_login",
    "build",
    "bundles",
    "differs",
    "digest",
    "endpoint",
    "external_url",
    "fitted",
    "gate_job",
    "generated_secrets",
    "login_at",
    "needs",
    "of_backups",
    "of_restored",
    "origins",
    "pod_selector",
    "references",
    "version",
]
