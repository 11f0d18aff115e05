"""Commands that ask MLflow too, and write nothing: diff and plan."""

from enum import StrEnum
from typing import Annotated

import typer

from mlflow_operator.kubectl.cli.options import (
    ClaimArgument,
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    OutputOption,
    UrlOption,
    UserOption,
)
from mlflow_operator.kubectl.terminal.output import Output
from mlflow_operator.kubectl.terminal.place import Place


class PlanOutput(StrEnum):
    """For whom a plan is."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


def diff(
    *,
    claim: ClaimArgument,
    versions: Annotated[
        list[int] | None,
        typer.Argument(metavar="VERSION...", help="Two versions, or one; else the holder and the one that is wished."),
    ] = None,
    url: UrlOption = None,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Compare the holder of a slot with the version that is wished: metrics, parameters and tags."""
    from mlflow_operator.kubectl.comparing.diff import diff as command  # noqa: PLC0415 - as in looking
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place = Place(namespace, False, kubeconfig, context, user)
    run(place, command(place, claim, versions or [], output, url))


def plan(
    *,
    file: Annotated[str, typer.Option("--file", "-f", help="YAML with ModelPromotions; - is standard input.")],
    url: UrlOption = None,
    output: Annotated[
        PlanOutput, typer.Option("--output", "-o", help="table for people, json or yaml for machines, markdown.")
    ] = PlanOutput.TABLE,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Say what would happen if a file were applied, and which gates would fail; nothing is written, nobody is asked."""
    from mlflow_operator.kubectl.planning.commands import plan as command  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    place, markdown = Place(namespace, False, kubeconfig, context, user), output is PlanOutput.MARKDOWN
    shown = Output.TABLE if markdown else Output(output.value)
    run(place, command(place, file, shown, url, markdown=markdown))
