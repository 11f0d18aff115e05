"""ui and logs: what kubectl does for pods, for a server by its name."""

import asyncio
import webbrowser
from dataclasses import dataclass

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.desired import external_url, login_at, names
from mlflow_operator.desired.server.auth import administrator
from mlflow_operator.kubectl.reaching.access import server_of, where
from mlflow_operator.kubectl.reaching.forward import forwarded, kubectl
from mlflow_operator.kubectl.terminal.exits import UNKNOWN, WELL, WRONG, Stop
from mlflow_operator.kubectl.terminal.output import console, say
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.kubectl.terminal.place import Place
from mlflow_operator.kubectl.terminal.running import Command


@dataclass(frozen=True)
class Log:
    """Which log is wanted."""

    follow: bool
    preparation: bool
    tail: int

    @property
    def component(self) -> str:
        """The component whose pods have it."""
        return names.PREPARE if self.preparation else names.SERVER


def ui(place: Place, name: str, port: int | None, *, browse: bool) -> Command:
    """Print where the UI is, and open it; a port is forwarded for as long as the command runs."""

    async def command(person: Person) -> int:
        server = await server_of(person, person.namespace, name)
        at = where(server)
        provider, outside = login_at(server), external_url(server)
        if server.spec.external is not None or (provider and outside):
            # Who logs in is sent back to the route, which no forwarded port is.
            await _open(outside or at.url, browse=browse)
            return WELL
        flags, target = place.flags(person.namespace), f"service/{names.instance(server)}"
        async with forwarded(flags, target, server.spec.service.port, port) as local:
            await _open(f"{at.scheme}://127.0.0.1:{local.port}{at.prefix}/", browse=browse)
            if told := _of_login(server, provider, f"{at.scheme}://127.0.0.1:{local.port}{at.prefix}"):
                say(console(errors=True), told)
            say(console(errors=True), "Ctrl-C ends it")
            await local.ended()
        raise Stop(UNKNOWN, "PortForwardEnded", f"kubectl has ended; see kubectl mlflow doctor mls/{name}")

    return command


def _of_login(server: MLflowServer, provider: str | None, url: str) -> str | None:
    """What a person has to know to log in."""
    if provider:
        known = f"it has to know {url}/oauth2/callback, where it sends you back to; --port chooses the port"
        return f"it asks for a login at {provider}: {known}"
    admin = administrator(server)
    return f"it asks for a login; the administrator's is in Secret {admin}" if admin else None


def logs(place: Place, name: str, log: Log) -> Command:
    """Show a log, by kubectl."""

    async def command(person: Person) -> int:
        server = await server_of(person, person.namespace, name)
        selector = _selector(server, log)
        if not await person.many("Pod", person.namespace, labels=selector):
            raise Stop(WRONG, "NoPods", f"MLflowServer {name} has no such pods; see kubectl mlflow doctor mls/{name}")
        words = [f"--selector={selector}", f"--tail={log.tail}", "--prefix", "--all-containers"]
        process = await kubectl("logs", *place.flags(person.namespace), *words, *(["--follow"] if log.follow else []))
        return WELL if await process.wait() == 0 else UNKNOWN

    return command


def _selector(server: MLflowServer, log: Log) -> str:
    """The labels of the pods.

    Raises:
        Stop: The server is elsewhere, and so are its logs.
    """
    if server.spec.external is not None:
        message = f"MLflowServer {server.metadata.name} is external, at {server.spec.external.url}: its logs are there"
        raise Stop(WRONG, "External", message)
    return ",".join(f"{key}={value}" for key, value in names.selector(server, log.component).items())


async def _open(url: str, *, browse: bool) -> None:
    say(console(), url)
    if browse:
        await asyncio.to_thread(webbrowser.open, url)
