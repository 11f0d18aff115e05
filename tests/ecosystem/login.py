"""What a login needs on the node: a provider, a route with HTTPS, a server behind both, and people with browsers."""

import json
import subprocess
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from cluster.companions import traefik
from cluster.companions.browser import WINDOW
from cluster.companions.identity_provider import Client, IdentityProvider
from cluster.nodes import network
from cluster.nodes.node import LocalNode
from cluster.plane.certificates import Authority
from cluster.services.team import Object, Team
from e2e.client import ClientPod
from e2e.teams import pods
from ecosystem import programs

HOST = "mlflow.example.com"
URL = f"https://{HOST}"
PROGRAM = "training"
"""A client of the provider beside the server, whose tokens the server takes too, as long as they are valid."""
VALID_SECONDS = 8
CLIENTS = (Client("mlflow", f"{URL}/oauth2/callback"), Client(PROGRAM, seconds=VALID_SECONDS), Client("stranger"))
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


def objects(team: Team, provider: IdentityProvider) -> list[Object]:
    """A server behind a route, and all that its spec names."""
    service = f"mlflow.{team.namespace}.svc"
    annotations, transport = traefik.trusting(team.namespace, "login", service)
    spec = {**server(provider.issuer), "service": {"annotations": annotations}}
    return [*secrets(provider.authority, service), transport, team.object("MLflowServer", "mlflow", spec)]


def server(issuer: str) -> Object:
    """Two replicas with HTTPS, for the people of a domain who are in a group."""
    logins = {
        "issuerURL": issuer,
        "clientID": CLIENTS[0].name,
        "clientSecretRef": {"name": "login", "key": "secret"},
        "emailDomains": ["example.com"],
        "groups": ["ml"],
        "audiences": [PROGRAM],
        "caBundle": {"secretKeyRef": {"name": "login", "key": "ca.crt"}},
    }
    return {
        "backendStore": {"managed": {}},
        "artifactStore": {"managed": {}},
        "replicas": 2,
        "workers": 1,
        "auth": {"oauth2Proxy": logins},
        "tls": {"secretName": "pods"},
        "ingress": {"host": HOST, "className": traefik.CLASS, "tls": {"secretName": "route"}},
    }


def secrets(authority: Authority, service: str) -> list[Object]:
    """The client's secret and the authority, and certificates for the route and the pods."""
    found = [_secret("login", {"secret": CLIENTS[0].secret, "ca.crt": authority.certificate.read_text()})]
    for name, hosts in {"route": (HOST,), "pods": (service, f"{service}.cluster.local")}.items():
        authority.issue(name, f"/CN={name}", ",".join(f"DNS:{host}" for host in hosts))
        pair = {f"tls.{end}": (authority.folder / f"{name}.{end}").read_text() for end in ("crt", "key")}
        pair["ca.crt"] = authority.certificate.read_text()
        found.append({**_secret(name, pair), "type": "kubernetes.io/tls"})
    return found


def _secret(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def addresses(team: Team) -> list[str]:
    """Each pod by itself."""
    return [f"{pod['status']['podIP']}:5000" for pod in pods(team)]


def ask(client: ClientPod, *asked: tuple[str, str, str, dict[str, str]]) -> list[tuple[int, str]]:
    """Ask from a pod, by method, host, path and headers, and follow nobody: status, and where it leads."""
    return [(status, onward) for status, onward in json.loads(client.python(programs.ASK, text=json.dumps(asked)))]


def bearer(token: str) -> dict[str, str]:
    """As a program shows its token."""
    return {"Authorization": f"Bearer {token}"}


def arrives_with(node: LocalNode, pod: Object, marker: str, send: Any) -> dict[str, str]:
    """With which headers what is sent arrives at MLflow, behind whatever stands before it in its pod."""
    statuses = pod["status"]["containerStatuses"]
    container = next(status["containerID"] for status in statuses if status["name"] == "mlflow")
    enter = ["nsenter", f"--net=/proc/{node.containerd.pid(container)}/ns/net"]
    argv = [*enter, "python3", "-c", programs.LISTEN, marker]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        send()
        return {name.lower(): value for name, value in json.loads(listener.stdout.readline())}


def person(browser: Browser) -> BrowserContext:
    """Somebody who sits down at a computer of their own."""
    return browser.new_context(viewport=WINDOW, locale="en-GB", timezone_id="UTC")


def log_in(page: Page, login: str) -> None:
    """Open MLflow and write what the provider's pages ask for; it ends where they lead."""
    page.goto(URL)
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()  # the provider asks whether the server may know all that


def close_dialog(page: Page) -> None:
    """Put away what MLflow explains to somebody who sees its models for the first time."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def provider_at_the_node(node: LocalNode) -> IdentityProvider:
    """A provider that pods and the machine reach at one address."""
    return IdentityProvider(node.folder, CLIENTS, network.NODE_ADDRESS, network.ENTER)
