"""Commands that look: status, history and doctor."""

from typing import Annotated

import typer

from mlflow_operator.kubectl.cli.names import subjects
from mlflow_operator.kubectl.cli.options import (
    ClaimArgument,
    ContextOption,
    EverywhereOption,
    KubeconfigOption,
    NamespaceOption,
    OutputOption,
    UserOption,
)
from mlflow_operator.kubectl.terminal.output import Output
from mlflow_operator.kubectl.terminal.place import Place


def status(
    *,
    namespace: NamespaceOption = None,
    everywhere: EverywhereOption = False,
    output: OutputOption = Output.TABLE,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Show servers and slots, what is wrong and the next step; ends with 1 if anything is not ready."""
    from mlflow_operator.kubectl.looking import commands  # noqa: PLC0415 - the client of the cluster is slow to import
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place = Place(namespace, everywhere, kubeconfig, context, user)
    run(place, commands.status(place, output))


def history(
    *,
    claim: ClaimArgument,
    namespace: NamespaceOption = None,
    output: OutputOption = Output.TABLE,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Show what has happened to a slot: who, what, when and why."""
    from mlflow_operator.kubectl.looking import commands  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    run(Place(namespace, False, kubeconfig, context, user), commands.history(claim, output))


def doctor(
    *,
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[mls/NAME|mp/NAME]", help="The object; else whatever is not ready.", autocompletion=subjects
        ),
    ] = None,
    namespace: NamespaceOption = None,
    everywhere: EverywhereOption = False,
    output: OutputOption = Output.TABLE,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Say why something is not ready: the cause, what is seen around it, and the next command."""
    from mlflow_operator.kubectl.looking import commands  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place = Place(namespace, everywhere, kubeconfig, context, user)
    run(place, commands.doctor(place, subject, output))
