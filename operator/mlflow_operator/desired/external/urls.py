"""URLs of external servers in one spelling, so that the same server is known as the same."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit

_URL = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(/[^\s?#@\\\x00-\x1f\x7f]*)?", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """The host and the port that a URL leads to; an IPv6 address without its brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def fits(self, globs: Sequence[str]) -> bool:
        """Whether one of the globs is of the host, at any port, or of ``host:port``."""
        names = (self.host, str(self))
        return any(name == glob or fnmatchcase(name, glob) for name in names for glob in map(str.lower, globs))


def parts(url: str) -> tuple[str, Address, str]:
    """Scheme and host in lower case, the port, and the path without a slash at its end.

    Raises:
        ValueError: It is no base URL of a server; the text says what to write instead.
    """
    if not _URL.fullmatch(url):
        raise ValueError("write an http:// or https:// URL with a host, without login, query and fragment")
    try:
        found = urlsplit(url)
        host, port = (found.hostname or "").rstrip("."), found.port
    except ValueError:
        host, port = "", None
    if not host or port == 0:
        raise ValueError("write a URL with a host, and with a port from 1 to 65535 or none")
    return found.scheme, Address(host, port or _PORTS[found.scheme]), found.path.rstrip("/")


def in_full(host: str, cluster_domain: str) -> str:
    """A host by the name under which a pod's resolver finds it first: mlflow.team is a Service, if there is one.

    Of a name with one dot nobody can say whether it is one; for telling whether two are the same it does not matter.
    """
    name, _, rest = host.partition(".")
    namespace, _, service = rest.partition(".")
    if not (cluster_domain and name and namespace) or service not in ("", "svc"):
        return host
    return f"{name}.{namespace}.svc.{cluster_domain}"


def spelt(scheme: str, where: Address, path: str) -> str:
    """The URL of these, without a default port."""
    host = f"[{where.host}]" if ":" in where.host else where.host
    return f"{scheme}://{host}{'' if where.port == _PORTS[scheme] else f':{where.port}'}{path}"
