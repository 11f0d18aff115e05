"""The options that several commands have."""

from datetime import timedelta
from typing import Annotated

import typer

from mlflow_operator.kubectl.cli.names import claims
from mlflow_operator.kubectl.terminal.moments import patience
from mlflow_operator.kubectl.terminal.output import Output

MINUTES = timedelta(minutes=10)
_WHERE = "Where and as whom"

NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace; else that of the context.", rich_help_panel=_WHERE)
]
EverywhereOption = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces.", rich_help_panel=_WHERE)
]
KubeconfigOption = Annotated[
    str | None, typer.Option("--kubeconfig", help="Path of the kubeconfig.", rich_help_panel=_WHERE)
]
ContextOption = Annotated[
    str | None, typer.Option("--context", help="Context of the kubeconfig.", rich_help_panel=_WHERE)
]
UserOption = Annotated[
    str | None, typer.Option("--as", help="User to impersonate, as kubectl --as does.", rich_help_panel=_WHERE)
]
OutputOption = Annotated[
    Output, typer.Option("--output", "-o", help="table for people, json or yaml for machines.", show_default=True)
]
ClaimArgument = Annotated[
    str, typer.Argument(metavar="CLAIM", help="Name of the ModelPromotion.", autocompletion=claims)
]


def _patience(value: str | timedelta) -> timedelta:
    """A default comes as it is."""
    try:
        return value if isinstance(value, timedelta) else patience(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait until it is promoted, or cannot be; what happens is said as it does.")
]
TimeoutOption = Annotated[
    timedelta,
    typer.Option(
        "--timeout", parser=_patience, metavar="TIME", show_default="10m", help="How long to wait, as in 90s or 2h."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Ask the API server whether it may be, and write nothing.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Also where Git would put it back.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where there is no terminal.")]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Where you reach the MLflow; else its own URL, or a port that kubectl forwards."),
]
