"""The options that several commands have."""

from typing import Annotated

import typer

from mlflow_operator.kubectl.output import Output

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
ClaimArgument = Annotated[str, typer.Argument(metavar="CLAIM", help="Name of the ModelPromotion.")]
