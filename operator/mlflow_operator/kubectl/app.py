"""``kubectl mlflow``: all commands in the order in which help shows them."""

from typing import Annotated

import typer

from mlflow_operator import __version__
from mlflow_operator.kubectl.cli import changing, comparing, looking, reaching

app = typer.Typer(
    name="kubectl mlflow",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the release and end.")] = False) -> None:
    """Servers and promotions for the people who work with them, with the rights that they have.

    Ends with 0 if all is well, 1 if something is not, 2 if the command means nothing, and 3 if the cluster or MLflow
    could not be asked.
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit


for command in (
    looking.status,
    looking.doctor,
    looking.history,
    comparing.diff,
    comparing.plan,
    changing.promote,
    changing.rollback,
    changing.approve,
    changing.reject,
    reaching.ui,
    reaching.logs,
):
    app.command()(command)
