"""Plain HTTP requests to what the harness runs."""

import http.client
import ssl
from urllib.parse import urlsplit


def get(url: str, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Return status and body; raise OSError when nobody answers."""
    return send("GET", url, tls=tls)


def send(method: str, url: str, body: str | None = None, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Send one request with a JSON body or none; raise OSError when nobody answers."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(parts.netloc, timeout=5, context=tls)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise ConnectionError(f"{url}: {error!r}") from error
    finally:
        connection.close()


def succeeds(url: str, tls: ssl.SSLContext | None = None) -> bool:
    """Tell whether a GET is answered with 200."""
    try:
        return get(url, tls)[0] == http.HTTPStatus.OK
    except OSError:
        return False
