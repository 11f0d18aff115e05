"""Where MLflow is and how to be let in: by arguments, else by the variables that MLflow's own client reads."""

import base64
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from mlflow_operator.model_registry.errors import Invalid

_TRUE, _FALSE = ("true", "1"), ("false", "0", "")


@dataclass(frozen=True)
class Connection:
    """One MLflow; the header holds a credential and is never shown."""

    url: str
    """Of the tracking server, with the prefix of its path; without a login."""
    authorization: str = field(default="", repr=False)
    """The header that lets in; empty: none."""
    workspace: str = ""
    """MLflow's workspace that is meant; empty: the server's default."""
    trusted: str = ""
    """File of the authorities that are trusted; empty: those of the system."""
    insecure: bool = False
    """Whether any certificate will do."""
    user: str = ""
    """Who is let in, where it is not a token that does."""

    @property
    def whose(self) -> str:
        """What tells one registry, as one user sees it, from another; no credential can be read from it."""
        who = hashlib.sha256(self.authorization.encode()).hexdigest()[:16] if self.authorization else ""
        return f"{self.url}|{self.workspace}|{self.user or who}"

    def tls(self) -> ssl.SSLContext | bool:
        """Whose certificates are trusted, as aiohttp takes it.

        Raises:
            Invalid: The file of the authorities cannot be read.
        """
        if self.insecure:
            return False
        if not self.trusted:
            return True
        try:
            return ssl.create_default_context(cafile=self.trusted)
        except (OSError, ssl.SSLError) as error:
            message = f"MLFLOW_TRACKING_SERVER_CERT_PATH names {self.trusted}, which is no file of certificates in PEM"
            raise Invalid(f"{message}: {error}") from error


def connection(environ: Mapping[str, str], url: str | None = None) -> Connection:
    """The connection for a URL, else for ``MLFLOW_TRACKING_URI``; a login in the URL counts before the variables.

    Raises:
        Invalid: No URL, or one that no server has; or variables that contradict each other.
    """
    given = url or environ.get("MLFLOW_TRACKING_URI", "")
    shown, login = _without_login(given)
    insecure = _flag(environ, "MLFLOW_TRACKING_INSECURE_TLS")
    trusted = environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH", "")
    if insecure and trusted:
        raise Invalid("MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set; unset one")
    authorization, user = login or _login(environ)
    return Connection(shown, authorization, environ.get("MLFLOW_WORKSPACE", ""), trusted, insecure, user)


def _without_login(given: str) -> tuple[str, tuple[str, str] | None]:
    """A URL without the login in it, and what that login makes, as ``_login``."""
    if not given:
        raise Invalid("no MLflow is named; give its URL to ModelRegistry, or set MLFLOW_TRACKING_URI")
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid("the tracking URI is not the URL of a server; it has to look like http://mlflow:5000")
    place = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return shown, None
    return shown, _basic(unquote(parts.username), unquote(parts.password or ""))


def _login(environ: Mapping[str, str]) -> tuple[str, str]:
    """The header of user and password, else of the token, which is MLflow's own order; and the user, if it is one."""
    user, password = environ.get("MLFLOW_TRACKING_USERNAME", ""), environ.get("MLFLOW_TRACKING_PASSWORD", "")
    token = environ.get("MLFLOW_TRACKING_TOKEN", "")
    if user and password:
        return _basic(user, password)
    if not token:
        return "", ""
    if not token.isascii() or not token.isprintable():
        raise Invalid("MLFLOW_TRACKING_TOKEN has characters that no header can carry, such as the end of a line")
    return f"Bearer {token}", ""


def _basic(user: str, password: str) -> tuple[str, str]:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(), user


def _flag(environ: Mapping[str, str], name: str) -> bool:
    said = environ.get(name, "").strip().lower()
    if said not in _TRUE + _FALSE:
        raise Invalid(f"{name} is {said[:40]!r}; write true or false")
    return said in _TRUE
