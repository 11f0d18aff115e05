"""Git repositories over smart HTTP on loopback, as a GitOps tool reads them, and a work tree to commit from."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cluster.host import run

PERSON = {
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@example.com",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@example.com",
}


class Repository:
    """A repository with the branch main, seen by somebody who commits and pushes."""

    def __init__(self, served: Path, url: str) -> None:
        self.url = url
        self._tree = served.with_suffix(".tree")
        run.output(["git", "init", "--quiet", "--bare", "--initial-branch=main", served])
        run.output(["git", "init", "--quiet", "--initial-branch=main", self._tree])
        self._git("remote", "add", "origin", str(served))

    def commit(self, message: str, files: Mapping[str, str | None]) -> str:
        """Write files, or delete those that are None, commit and push; the commit."""
        for name, text in files.items():
            path = self._tree / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        return self._push()

    def revert(self) -> str:
        """Revert the last commit, and push; the commit that does."""
        self._git("revert", "--no-edit", "HEAD")
        return self._push()

    def _push(self) -> str:
        self._git("push", "--quiet", "origin", "main")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *words: str) -> str:
        return run.output(["git", "-C", self._tree, *words], env=PERSON)


class GitServer:
    """Serves the repositories of a folder, for reading; who pushes does it on the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._http = _Http(folder)

    def repository(self, name: str) -> Repository:
        """A new, empty repository."""
        return Repository(self._folder / f"{name}.git", f"http://127.0.0.1:{self._http.server_port}/{name}.git")

    @contextlib.contextmanager
    def running(self) -> Iterator["GitServer"]:
        """The server, in a thread of its own."""
        thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join(10)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(("127.0.0.1", 0), _Backend)
        self.folder = folder


class _Backend(BaseHTTPRequestHandler):
    """Each request is answered by `git http-backend`, a CGI program."""

    protocol_version = "HTTP/1.0"  # the end of the connection is the end of the answer
    server: _Http

    def do_GET(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=self._environment(len(body)), capture_output=True, check=False
        )
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in lines.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(rest)

    do_POST = do_GET  # noqa: N815 - same

    def _environment(self, length: int) -> dict[str, str]:
        url = urlsplit(self.path)
        return {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": self.client_address[0],
        }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gave it
        """Say nothing."""
