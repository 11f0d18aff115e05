"""``kubectl mlflow``: servers and promotions for the people who work with them, with the rights that they have.

The program ends with 0 if all is well, 1 if something is not, 2 if the command means nothing, and 3 if the cluster or
MLflow could not be asked.
"""

from typing import Annotated

import typer

from mlflow_operator import __version__
from mlflow_operator.kubectl.options import (
    ClaimArgument,
    ContextOption,
    EverywhereOption,
    KubeconfigOption,
    NamespaceOption,
    OutputOption,
    UserOption,
)
from mlflow_operator.kubectl.output import Output
from mlflow_operator.kubectl.place import Place

app = typer.Typer(
    name="kubectl-mlflow",
    help=__doc__,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the release and end.")] = False) -> None:
    """Servers and promotions for the people who work with them, with the rights that they have."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
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
    from mlflow_operator.kubectl import looking, running  # noqa: PLC0415 - the client of the cluster is slow to import

    place = Place(namespace, everywhere, kubeconfig, context, user)
    running.run(place, looking.status(place, output))


@app.command()
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
    from mlflow_operator.kubectl import looking, running  # noqa: PLC0415

    running.run(Place(namespace, False, kubeconfig, context, user), looking.history(claim, output))


@app.command()
def doctor(
    *,
    subject: Annotated[str | None, typer.Argument(help="mls/NAME or mp/NAME; else whatever is not ready.")] = None,
    namespace: NamespaceOption = None,
    everywhere: EverywhereOption = False,
    output: OutputOption = Output.TABLE,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Say why something is not ready: the cause, what is seen around it, and the next command."""
    from mlflow_operator.kubectl import looking, running  # noqa: PLC0415

    place = Place(namespace, everywhere, kubeconfig, context, user)
    running.run(place, looking.doctor(place, subject, output))
