"""The API server as the cluster's administrator, without a kubectl for each request: plain HTTP, plain dicts."""

import contextlib
import http.client
import json
import ssl
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cluster.host.errors import ClusterError

if TYPE_CHECKING:  # which uses this
    from cluster.plane.control_plane import ControlPlane

TIMEOUT_SECONDS = 30
APPLY = "application/apply-patch+yaml"  # JSON is YAML

Object = dict[str, Any]


class Refused(ClusterError):
    """The API server said no; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the API server answered {status}: {message}")
        self.status = status


class Api:
    """One kept connection, for one thread."""

    def __init__(self, plane: "ControlPlane") -> None:
        pki = plane.authority.folder
        self._tls = ssl.create_default_context(cafile=str(plane.authority.certificate))
        self._tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        self._place = plane.url.removeprefix("https://")
        self._connection = self._connect(TIMEOUT_SECONDS)

    def get(self, path: str, **query: str) -> Object:
        """Read an object or a list."""
        return self._send("GET", f"{path}?{urlencode(query)}")

    def put(self, path: str, body: Object) -> Object:
        """Replace an object, or its status."""
        return self._send("PUT", path, body)

    def apply(self, path: str, body: Object) -> Object:
        """Server-side apply, as `kubectl apply --server-side` does."""
        return self._send("PATCH", f"{path}?fieldManager=kubectl&force=true", body, APPLY)

    def delete(self, path: str) -> None:
        """Delete an object, or all in a collection; what it owns goes later."""
        self._send("DELETE", path)

    def watch(self, path: str, seconds: int, **query: str) -> Generator[Object]:
        """Yield the objects of a collection as they are and then as they change, for so long; not those that go."""
        wanted = urlencode({"watch": "true", "timeoutSeconds": seconds, **query})
        with contextlib.closing(self._connect(seconds + TIMEOUT_SECONDS)) as connection:
            connection.request("GET", f"{path}?{wanted}")
            with connection.getresponse() as response:
                if response.status != 200:
                    raise Refused(response.status, response.read().decode(errors="replace"))
                for line in response:
                    event = json.loads(line)
                    if event["type"] in ("ADDED", "MODIFIED"):
                        yield event["object"]

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        self._connection.close()

    def _send(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Object:
        text = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, path, text, {"Content-Type": kind})
            response = self._connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if response.status >= 300:
            raise Refused(response.status, raw.decode(errors="replace"))
        answer: Object = json.loads(raw)
        return answer

    def _connect(self, seconds: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._place, timeout=seconds, context=self._tls)
