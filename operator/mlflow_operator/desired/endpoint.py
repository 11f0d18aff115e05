"""Where a server answers: one value, of which its URL, its probes, its allowed hosts and our own questions are made."""

from dataclasses import dataclass, replace

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.serving import CaBundle, External, ExternalCredentials
from mlflow_operator.desired import names
from mlflow_operator.desired.external import urls
from mlflow_operator.desired.external.urls import Address
from mlflow_operator.desired.server import auth
from mlflow_operator.errors import Terminal

_DEFAULT = "default"
"""The workspace of requests that name none (mlflow.utils.workspace_utils)."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers, and what it takes to be let in."""

    scheme: str
    """http or https."""
    address: Address
    """The host and the port that clients connect to."""
    prefix: str = ""
    """The path below which everything is, without a slash at its end."""
    aliases: tuple[str, ...] = ()
    """Shorter names of the host."""
    authorities: CaBundle | None = None
    """Whose certificates are trusted beside those of the public ones."""
    certificate: str | None = None
    """The Secret with its own certificate, which is trusted as well, and the authority in it."""
    credentials: ExternalCredentials | None = None
    """Which Secret opens it."""
    workspace: str = ""
    """MLflow's workspace that is meant; empty: the server's default."""
    cluster_domain: str = ""
    """In which short names of Services are full ones."""

    @property
    def url(self) -> str:
        """The base URL, in the one spelling by which servers are told apart."""
        return urls.spelt(self.scheme, self.address, self.prefix)

    @property
    def registry(self) -> tuple[str, str]:
        """By what the registry is known: by whichever of a Service's names, the default workspace named or not."""
        host = urls.in_full(self.address.host, self.cluster_domain)
        workspace = "" if self.workspace == _DEFAULT else self.workspace
        return urls.spelt(self.scheme, self.address._replace(host=host), self.prefix), workspace

    @property
    def hosts(self) -> tuple[str, ...]:
        """All its names in the cluster, the shortest first."""
        return *self.aliases, self.address.host

    def within(self, workspace: str) -> "Endpoint":
        """The same in a workspace that a claim asks for; an empty one leaves it as it is.

        Raises:
            Terminal: WorkspaceNotAllowed; the server is of another one.
        """
        if workspace and self.workspace not in ("", workspace):
            message = f"spec.serverRef.workspace is {workspace}, and the MLflowServer is of workspace {self.workspace}"
            raise Terminal("WorkspaceNotAllowed", f"{message}: leave it out, or refer to another MLflowServer")
        return replace(self, workspace=self.workspace or workspace)

    def path(self, path: str) -> str:
        """A path of the server, such as /health, as it is asked for."""
        return f"{self.prefix}{path}"


def endpoint(server: MLflowServer, cluster_domain: str) -> Endpoint:
    """Where a server answers: the external one, or the Service of ours.

    Raises:
        Terminal: InvalidUrl.
    """
    if server.spec.external is not None:
        return replace(_elsewhere(server.spec.external), cluster_domain=cluster_domain)
    name, namespace, tls = names.instance(server), server.metadata.namespace, server.spec.tls
    return Endpoint(
        "https" if tls else "http",
        Address(f"{name}.{namespace}.svc.{cluster_domain}", server.spec.service.port),
        server.spec.network.static_prefix or "",
        aliases=(name, f"{name}.{namespace}", f"{name}.{namespace}.svc"),
        authorities=tls.ca_bundle if tls else None,
        certificate=names.certificate_secret(server),
        credentials=auth.operator_credentials(server),
    )


def _elsewhere(external: External) -> Endpoint:
    try:
        scheme, address, path = urls.parts(external.url)
    except ValueError as error:
        raise Terminal("InvalidUrl", f"spec.external.url: {error}") from error
    trust, login = external.ca_bundle, external.credentials_secret_ref
    return Endpoint(scheme, address, path, authorities=trust, credentials=login, workspace=external.workspace or "")
