"""An OpenID provider as a process: people log in on its pages, in a browser or as the code here does."""

import base64
import contextlib
import hashlib
import http.client
import http.cookiejar
import json
import re
import secrets
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from cluster.host import ports, waiting
from cluster.host.errors import ClusterError
from cluster.host.process import Process
from cluster.plane import npm
from cluster.plane.certificates import Authority

NAME = "identity-provider"
READY_SECONDS = 30
SCOPES = "openid email profile groups"
PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {"email": "ada@example.com", "groups": ["ml"]},
    "bob": {"email": "bob@example.com", "groups": ["sales"]},
    "eve": {"email": "eve@elsewhere.example.org", "groups": ["ml"]},
}
"""Claims by login: one whom a team of example.com lets in, one of another group, and one of another domain."""


@dataclass(frozen=True)
class Client:
    """A program that the provider knows.

    Attributes:
        name: its ID, which is the audience of its tokens.
        redirect: where people are sent when they are logged in.
        seconds: how long its ID tokens are valid.
        secret: by which it shows who it is.
    """

    name: str
    redirect: str = "http://127.0.0.1:1/callback"
    seconds: int = 3600
    secret: str = field(default_factory=secrets.token_urlsafe, repr=False)


class IdentityProvider:
    """Answers by HTTPS at an address, under an authority of its own."""

    def __init__(
        self, folder: Path, clients: tuple[Client, ...], address: str = "127.0.0.1", enter: tuple[str, ...] = ()
    ) -> None:
        """Say what it will be.

        Args:
            folder: of its log, record and keys.
            clients: the programs that it knows.
            address: where it listens.
            enter: words that run a command in the network that has the address.
        """
        self.process = Process(NAME, folder)
        self.authority = Authority(folder / "identity-provider-pki")
        self._address, self._port = address, ports.free(1)[0]
        self.issuer = f"https://{address}:{self._port}"
        self._folder, self._enter = folder, enter
        self._clients = {client.name: client for client in clients}

    def start(self) -> None:
        """Return when it answers."""
        program = npm.install(NAME, "provider.mjs")
        self.authority.create()
        self.authority.issue(NAME, f"/CN={NAME}", f"IP:{self._address}")
        settings = self._folder / f"{NAME}.json"
        settings.touch(mode=0o600)
        settings.write_text(json.dumps(self._settings()))
        self.process.start([*self._enter, "node", str(program), str(settings)])
        waiting.until(self._answers, what=f"the identity provider ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it."""
        self.process.stop()

    def id_token(self, name: str, login: str) -> str:
        """Log a person in for a client, as a browser would be led, and return the person's ID token.

        Raises:
            ClusterError: The provider does not let the person in; the message has its page.
        """
        client, verifier = self._clients[name], secrets.token_urlsafe(48)
        form = {
            "grant_type": "authorization_code",
            "code": self._code(client, login, verifier),
            "redirect_uri": client.redirect,
            "code_verifier": verifier,
        }
        known = base64.b64encode(f"{client.name}:{client.secret}".encode()).decode()
        _, _, body = _ask(self._opener(), f"{self.issuer}/token", form, {"Authorization": f"Basic {known}"})
        return str(json.loads(body)["id_token"])

    def _code(self, client: Client, login: str, verifier: str) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": client.name,
            "redirect_uri": client.redirect,
            "response_type": "code",
            "scope": SCOPES,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        opener, url, form = self._opener(), f"{self.issuer}/auth?{urlencode(asked)}", None
        while not url.startswith(client.redirect):
            status, onward, page = _ask(opener, url, form)
            url, form = (urljoin(url, onward), None) if onward else _filled_in(status, page, login)
        answer = parse_qs(urlsplit(url).query)
        if "code" not in answer:
            raise ClusterError(f"the identity provider did not let {login} in: {answer}")
        return answer["code"][0]

    def _opener(self) -> urllib.request.OpenerDirector:
        trust = ssl.create_default_context(cafile=str(self.authority.certificate))
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        return urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), cookies, _Stay())

    def _settings(self) -> dict[str, Any]:
        known = [
            {"id": client.name, "secret": client.secret, "redirects": [client.redirect], "seconds": client.seconds}
            for client in self._clients.values()
        ]
        keys = {"certificate": f"{self.authority.folder}/{NAME}.crt", "key": f"{self.authority.folder}/{NAME}.key"}
        place = {"issuer": self.issuer, "port": self._port, "address": self._address}
        return {**place, **keys, "clients": known, "people": PEOPLE}

    def _answers(self) -> bool:
        self.process.check()
        with contextlib.suppress(OSError):
            return _ask(self._opener(), f"{self.issuer}/.well-known/openid-configuration")[0] == 200
        return False


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nobody: where it leads is part of the answer."""


def _ask(
    opener: urllib.request.OpenerDirector,
    url: str,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, str, str]:
    """Status, the address that it leads to, and what it says."""
    data = None if form is None else urlencode(form).encode()
    answer: http.client.HTTPResponse | urllib.error.HTTPError
    try:
        answer = opener.open(urllib.request.Request(url, data, headers or {}), timeout=10)  # noqa: S310 - ours
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status or 0, answer.headers.get("Location", ""), answer.read().decode()


def _filled_in(status: int, page: str, login: str) -> tuple[str, dict[str, str]]:
    """Where a page wants its form sent, and what a person writes into it: the login, and later that all is agreed."""
    action, prompt = re.search(r'action="([^"]+)"', page), re.search(r'name="prompt" value="([^"]+)"', page)
    if action is None or prompt is None:
        raise ClusterError(f"the identity provider answers {status} without a form: {page[:300]}")
    return action[1], {"prompt": prompt[1], "login": login, "password": "any"}
