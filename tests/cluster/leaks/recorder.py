"""Keeps, while tests use a node, what a secret could be in, and says in the end which secret is where it should not be.

Secrets come and go, and so do pods with their logs and processes. So all Secrets are watched; each log gets a second
name when it is first seen, under which it outlives its pod and its rotation; arguments of processes are looked at
again and again. What the API server was sent and what it answered is in its audit log, but for Secrets and tokens.
"""

import contextlib
import http.client
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cluster.host.errors import ClusterError
from cluster.host.process import recorded
from cluster.leaks.search import search
from cluster.leaks.values import forms, secrets
from cluster.nodes import images, node_files
from cluster.nodes.node import LocalNode
from cluster.plane.api import Api, Object

PAUSE = 0.5
WATCH_SECONDS = 3600  # between two watches a value could come and go

_KIND = re.compile(rb'"objectRef":{"resource":"([a-z]+)"')

Leak = tuple[str, str]
"""Where it is, and which Secret and key it is of."""


class Recorder:
    """Of one node, from `start` to `stop`."""

    def __init__(self, node: LocalNode, folder: Path) -> None:
        """`folder` has to be on the file system of the node's."""
        self._node, self._folder = node, folder
        self._values: dict[bytes, str] = {}
        self._arguments: set[bytes] = set()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._watch, self._sample)]
        self._mark = 0
        self.looked = ""

    def start(self) -> None:
        """Begin."""
        (self._folder / "logs").mkdir(parents=True)
        self._mark = self._node.audit.mark()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Record no more, and forget what has been."""
        self._ending.set()
        self._threads[1].join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def knows(self, namespace: str, name: str) -> bool:
        """Whether a Secret has been seen."""
        return any(whose.startswith(f"{namespace}/{name} ") for whose in list(self._values.values()))

    def forget(self, namespace: str) -> None:
        """Look for nothing of a namespace any more."""
        mine = [value for value, whose in self._values.items() if whose.startswith(f"{namespace}/")]
        for value in mine:
            del self._values[value]

    def leaks(self, namespace: str = "") -> list[Leak]:
        """Everything that is where it should not be; of one namespace's Secrets, or of all."""
        mine = f"{namespace}/" if namespace else ""
        known = [(value, whose) for value, whose in list(self._values.items()) if whose.startswith(mine)]
        words = {form: whose for value, whose in known for form in forms(value)}
        files = self._files()
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        self.looked = f"looked for {len(known)} secret values in {len(files)} files of {megabytes:.0f} MB"
        return sorted({(self._place(file), whose) for file, whose in search(words, files)})

    def _files(self) -> list[Path]:
        self._keep_logs()
        (self._folder / "arguments").write_bytes(b"\n".join(sorted(self._arguments)))
        loaded = (*images.OF_THE_NODE, *images.OF_THE_TESTS)
        return [
            *(self._folder / "logs").iterdir(),
            *(process.log for process in recorded(self._node.folder)),
            *(process.log for process in recorded(self._node.control_plane.folder)),
            *self._objects(),
            self._folder / "arguments",
            *(image.archive for image in loaded if image.archive.exists()),
        ]

    def _objects(self) -> list[Path]:
        """All writes and their answers, a file for each kind of object, so that it is known where something is."""
        folder = self._folder / "objects"
        folder.mkdir(exist_ok=True)
        self._node.audit.mark()  # all that has been answered is in the file then
        with contextlib.ExitStack() as files, self._node.control_plane.audit_log_path.open("rb") as log:
            log.seek(self._mark)
            of_kinds: dict[str, BinaryIO] = {}
            for line in log:
                match = _KIND.search(line)
                kind = match[1].decode() if match else "others"
                if kind not in of_kinds:
                    of_kinds[kind] = files.enter_context((folder / kind).open("wb"))
                of_kinds[kind].write(line)
        return sorted(folder.iterdir())

    def _place(self, file: Path) -> str:
        return str(file.relative_to(self._folder)) if file.is_relative_to(self._folder) else file.name

    def _watch(self) -> None:
        """Note the values of all Secrets, of every version of each."""
        with contextlib.closing(Api(self._node.control_plane)) as api:
            while not self._ending.is_set():
                with contextlib.suppress(
                    OSError, http.client.HTTPException, ValueError, ClusterError
                ):  # it may be away
                    for secret in api.watch("/api/v1/secrets", WATCH_SECONDS):
                        self._note(secret)
                self._ending.wait(PAUSE)

    def _note(self, secret: Object) -> None:
        where = f"{secret['metadata']['namespace']}/{secret['metadata']['name']}"
        for key, value in secrets(secret):
            self._values.setdefault(value, f"{where} {key}")

    def _sample(self) -> None:
        while not self._ending.wait(PAUSE):
            self._keep_logs()
            self._arguments.update(_arguments())

    def _keep_logs(self) -> None:
        logs = self._node.folder / "pod-logs"
        # Not rglob, which ends with an error where a pod's folder goes meanwhile.
        found = (Path(folder, name) for folder, _, names in os.walk(logs) for name in names if ".log" in name)
        for log in found:
            with contextlib.suppress(OSError):  # it is gone by now
                pod, container, name = log.relative_to(logs).parts
                kept = self._folder / "logs" / f"{pod}.{container}.{log.stat().st_ino}.{name.partition('.')[0]}"
                if not kept.exists():
                    os.link(log, kept)


def _arguments() -> Iterator[bytes]:
    """The arguments of all processes that are in pods now."""
    pods = node_files.CONTROL_GROUP.encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if pods in (folder / "cgroup").read_bytes():
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ")
