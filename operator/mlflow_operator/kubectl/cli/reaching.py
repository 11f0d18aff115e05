"""Commands that reach a server: ui and logs."""

from typing import Annotated

import typer

from mlflow_operator.kubectl.cli.names import servers
from mlflow_operator.kubectl.cli.options import ContextOption, KubeconfigOption, NamespaceOption, UserOption
from mlflow_operator.kubectl.terminal.place import Place

_ServerArgument = Annotated[
    str, typer.Argument(metavar="SERVER", help="Name of the MLflowServer.", autocompletion=servers)
]


def ui(
    *,
    server: _ServerArgument,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Local port; else any.")] = None,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Open the UI of a server; one in the cluster by a local port, until you press Ctrl-C."""
    from mlflow_operator.kubectl.reaching import commands  # noqa: PLC0415 - as in looking
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place = Place(namespace, False, kubeconfig, context, user)
    run(place, commands.ui(place, server, port, browse=open_))


def logs(
    *,
    server: _ServerArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    preparation: Annotated[bool, typer.Option("--preparation", help="Of the Job that prepares the stores.")] = False,
    tail: Annotated[int, typer.Option("--tail", min=1, help="Lines of each pod.")] = 100,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Show the log of a server's pods, or of its preparation."""
    from mlflow_operator.kubectl.reaching import commands  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place = Place(namespace, False, kubeconfig, context, user)
    run(place, commands.logs(place, server, commands.Log(follow, preparation, tail)))
