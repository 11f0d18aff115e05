"""Commands that change: promote, rollback, approve and reject."""

from typing import Annotated

import typer

from mlflow_operator.kubectl.cli.options import (
    MINUTES,
    ClaimArgument,
    ContextOption,
    DryRunOption,
    ForceOption,
    KubeconfigOption,
    NamespaceOption,
    TimeoutOption,
    UserOption,
    WaitOption,
    YesOption,
)
from mlflow_operator.kubectl.terminal.place import Place


def promote(
    *,
    claim: ClaimArgument,
    version: Annotated[int, typer.Option("--version", min=1, help="The version that should hold the slot.")],
    wait: WaitOption = False,
    timeout: TimeoutOption = MINUTES,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Ask for another version in a slot, under your own name; the operator and its gates decide."""
    from mlflow_operator.kubectl.changing import promoting  # noqa: PLC0415 - as in looking
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    how = promoting.How(dry_run, force, timeout if wait else None)
    run(Place(namespace, False, kubeconfig, context, user), promoting.promote(claim, version, how))


def rollback(
    *,
    claim: ClaimArgument,
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="The version; else the one that held it before.")
    ] = None,
    wait: WaitOption = False,
    timeout: TimeoutOption = MINUTES,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Ask for the version back that held the slot before, by the same rules as promote."""
    from mlflow_operator.kubectl.changing import promoting  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    how = promoting.How(dry_run, force, timeout if wait else None)
    run(Place(namespace, False, kubeconfig, context, user), promoting.rollback(claim, to, how))


def approve(
    *,
    claim: ClaimArgument,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None,
    yes: YesOption = False,
    wait: WaitOption = False,
    timeout: TimeoutOption = MINUTES,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Approve exactly the attempt that a claim asks for now, after showing what that is."""
    from mlflow_operator.kubectl.changing import approving  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    word = approving.Word("Approve", reason, yes, timeout if wait else None)
    run(Place(namespace, False, kubeconfig, context, user), approving.speak(claim, word))


def reject(
    *,
    claim: ClaimArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why: who asked has to know what to change.")],
    yes: YesOption = False,
    namespace: NamespaceOption = None,
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    user: UserOption = None,
) -> None:
    """Reject the attempt that a claim asks for now; one no stops it, however many have said yes."""
    from mlflow_operator.kubectl.changing import approving  # noqa: PLC0415
    from mlflow_operator.kubectl.terminal.running import run  # noqa: PLC0415

    word = approving.Word("Reject", reason, yes, None)
    run(Place(namespace, False, kubeconfig, context, user), approving.speak(claim, word))
