"""How an MLflowServer encrypts what goes over its Service."""

from mlflow_operator.api.schema import ApiModel, Name
from mlflow_operator.api.server.serving import CaBundle


class Tls(ApiModel):
    """HTTPS in the server's pods."""

    secret_name: Name
    """Secret of type kubernetes.io/tls: the certificate, its key, and the authority in ca.crt where it is yours."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that the operator and the pods of gates trust for this server, beside the Secret's."""
