"""A port of this machine that kubectl forwards to a server in the cluster, for as long as it is needed."""

import asyncio
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mlflow_operator.kubectl.terminal.exits import UNKNOWN, Stop

_PATIENCE = 30.0
"""Seconds; kubectl itself waits for a pod to run."""
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")
_LONGEST = 500


@dataclass(frozen=True)
class Forwarded:
    """The port of this machine, and the kubectl that forwards it."""

    port: int
    process: Process

    async def ended(self) -> None:
        """Wait until kubectl ends, as it does when the pod goes; what it says meanwhile is read and dropped."""
        await self.process.communicate()


@asynccontextmanager
async def forwarded(flags: Sequence[str], target: str, port: int, local: int | None = None) -> AsyncIterator[Forwarded]:
    """A port of a target in the cluster; ``flags`` say to kubectl where that is.

    Raises:
        Stop: There is no kubectl, or it cannot forward the port.
    """
    process = await kubectl("port-forward", *flags, "--address=127.0.0.1", target, f"{local or ''}:{port}", pipe=PIPE)
    try:
        yield Forwarded(await _port(process, target), process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def kubectl(*words: str, pipe: int | None = None) -> Process:
    """Start kubectl; with ``pipe`` what it prints can be read.

    Raises:
        Stop: There is none.
    """
    try:
        return await asyncio.create_subprocess_exec("kubectl", *words, stdout=pipe, stderr=pipe)
    except OSError as error:
        message = "kubectl is not on the PATH; install it, or pass --url with the URL of the server where that is taken"
        raise Stop(UNKNOWN, "NoKubectl", message) from error


async def _port(process: Process, target: str) -> int:
    """The port, once kubectl tells it."""
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("kubectl was started without pipes")
    try:
        async with asyncio.timeout(_PATIENCE):
            async for line in process.stdout:
                if found := _FORWARDING.search(line.decode(errors="replace")):
                    return int(found[1])
            told = (await process.stderr.read()).decode(errors="replace")
    except TimeoutError:
        told = f"no answer within {_PATIENCE:g} seconds"
    message = f"kubectl port-forward {target}: {' '.join(told.split())[:_LONGEST]}; see kubectl mlflow doctor"
    raise Stop(UNKNOWN, "PortForwardFailed", message)
