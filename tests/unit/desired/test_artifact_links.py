"""Whether MLflow gives clients links to a store in S3."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlflow_operator.desired.server import links
from mlflow_operator.desired.server.programs.start_server import without_links, words_of
from mlflow_operator.desired.server.programs.through_server import ThroughServer
from unit.desired.servers import EXISTING, MANAGED, SQLITE, container, only, prepared, server

DIRECT = EXISTING | {"artifactStore": {"s3": {"bucket": "artifacts", "directAccess": True}}}
# What the server does before it answers the first client.
ASKED = """
from mlflow.store.artifact import artifact_repo
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
store = get_artifact_repository("s3://bucket/folder")
known = {name: kind for name, kind in vars(artifact_repo).items() if name.endswith("Mixin")}
print(type(store).__name__, len(known) > 1, *[name for name, kind in known.items() if isinstance(store, kind)])
"""


class S3:
    """Takes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        """Any method."""

        def method(*words: str) -> list[str]:
            self.asked.append((name, *words))
            return ["found"]

        return method


@pytest.mark.parametrize(
    ("spec", "given"),
    [(EXISTING, False), (MANAGED, False), (DIRECT, True), (SQLITE, True), (EXISTING | {"serveArtifacts": False}, True)],
    ids=["a bucket", "managed", "direct access", "a volume", "clients go to the bucket"],
)
def test_nobody_is_sent_to_a_store_that_the_spec_does_not_open(spec: dict[str, Any], *, given: bool) -> None:
    """On a volume there is nothing to send to, and who is at the bucket need not be sent."""
    _, *words = container(only(prepared(server(spec)), "Deployment"))["command"][2:]
    assert words_of(words).through_server == (None if given else links.program())


def test_mlflow_takes_the_plugin_for_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And finds nothing in it by which it could make links."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    variables = without_links(links.program(), {"PATH": "", "PYTHONPATH": "of-the-image"})
    assert variables["PYTHONPATH"].endswith(":of-the-image")
    ran = subprocess.run([sys.executable, "-c", ASKED], env=variables, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["ThroughServer", "True"]


def test_all_else_is_done_by_mlflow_itself() -> None:
    """Each call with the words that it came with."""
    store, s3 = ThroughServer("s3://bucket/folder"), S3()
    assert type(store._s3).__name__ == "S3ArtifactRepository"
    assert store._s3.artifact_uri == "s3://bucket/folder"
    store._s3 = s3
    store.log_artifact("file", "where")
    store.log_artifacts("folder", "where")
    store.delete_artifacts("what")
    store._download_file("far", "near")
    assert store.list_artifacts("what") == ["found"]
    assert s3.asked == [
        ("log_artifact", "file", "where"),
        ("log_artifacts", "folder", "where"),
        ("delete_artifacts", "what"),
        ("_download_file", "far", "near"),
        ("list_artifacts", "what"),
    ]
