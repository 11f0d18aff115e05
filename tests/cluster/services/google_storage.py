"""A small Google Cloud Storage on loopback: as much of its JSON API as MLflow asks for, written by hand.

https://cloud.google.com/storage/docs/json_api/v1. Clients find it by STORAGE_EMULATOR_HOST, without credentials.
"""

import json
import re
import threading
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from cluster.host import folders, run
from cluster.host.console import step
from cluster.host.locking import exclusive

CLIENT = "google-cloud-storage==3.17.1"


def client() -> str:
    """Return the cached folder with the client, which MLflow's plain package does not have."""
    target = folders.cache() / "environments" / CLIENT
    with exclusive(target.parent / f"{target.name}.lock"):
        if not target.exists():
            with step(f"Installing {CLIENT} (once)"):
                run.output([run.uv(), "pip", "install", "--quiet", "--target", str(target), CLIENT])
    return str(target)


class GoogleStorage:
    """Buckets with objects, by name; ``refusing`` is the status that every request gets instead of an answer."""

    def __init__(self, *buckets: str) -> None:
        self.objects: dict[str, dict[str, bytes]] = {bucket: {} for bucket in buckets}
        self.refusing: int | None = None
        self.uploads: dict[str, tuple[str, str]] = {}
        handler = type("Handler", (_Handler,), {"storage": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    storage: ClassVar[GoogleStorage]

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        found = re.fullmatch(r"(/upload|/download)?/storage/v1/b/([^/]+)(?:/o(?:/(.+))?)?", url.path)
        if self.storage.refusing:
            return self._send(self.storage.refusing, {"error": {"message": "as the test wants it"}})
        if found is None or unquote(found[2]) not in self.storage.objects:
            return self._send(404, {"error": {"message": "The specified bucket does not exist."}})
        bucket, name = unquote(found[2]), unquote(found[3] or "")
        if found[1] == "/upload":
            return self._upload(bucket, query, body)
        return self._of_object(method, bucket, name, query) if name else self._list(bucket, query)

    def _upload(self, bucket: str, query: dict[str, str], body: bytes) -> None:
        """In one piece with its name before it, or in pieces at an address of its own."""
        if query["uploadType"] == "multipart":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            about, content = (_part(part) for part in message_from_bytes(head + body).get_payload())
            return self._keep(bucket, json.loads(about)["name"], content)
        if "upload_id" in query:
            return self._keep(bucket, self.storage.uploads[query["upload_id"]][1], body)
        upload = str(len(self.storage.uploads))
        self.storage.uploads[upload] = (bucket, json.loads(body)["name"])
        where = f"{self.storage.url}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={upload}"
        return self._send(200, {}, {"Location": where})

    def _keep(self, bucket: str, name: str, content: bytes) -> None:
        self.storage.objects[bucket][name] = content
        self._send(200, _described(bucket, name, content))

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        prefix = query.get("prefix", "")
        names = [name for name in sorted(self.storage.objects[bucket]) if name.startswith(prefix)]
        rest = {name: name.removeprefix(prefix).partition(query.get("delimiter") or "\0") for name in names}
        items = [_described(bucket, n, self.storage.objects[bucket][n]) for n in names if not rest[n][1]]
        folders_ = sorted({f"{prefix}{rest[n][0]}/" for n in names if rest[n][1]})
        self._send(200, {"kind": "storage#objects", "items": items, "prefixes": folders_})

    def _of_object(self, method: str, bucket: str, name: str, query: dict[str, str]) -> None:
        content = self.storage.objects[bucket].get(name)
        if content is None:
            return self._send(404, {"error": {"message": f"No such object: {bucket}/{name}"}})
        if method == "DELETE":
            del self.storage.objects[bucket][name]
            return self._send(204, None)
        if query.get("alt") == "media":
            return self._send(200, content)
        return self._send(200, _described(bucket, name, content))

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        text = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        kind = "octet-stream" if isinstance(content, bytes) else "json"
        self.send_header("Content-Type", f"application/{kind}")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def _part(part: Any) -> bytes:
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _described(bucket: str, name: str, content: bytes) -> dict[str, str]:
    return {"kind": "storage#object", "bucket": bucket, "name": name, "size": str(len(content)), "generation": "1"}
