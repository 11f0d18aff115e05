"""S3 as MLflow keeps artifacts in it, but for the links by which clients go past the server.

MLflow gives such links wherever the class of a store can make them, and asks nobody whether clients reach the store.
This class cannot; it is in the server's container as a plugin, which MLflow takes for s3:// instead of its own.
"""

from typing import Any

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ThroughServer(ArtifactRepository):  # type: ignore[misc]
    """A bucket, or a folder in one; MLflow's own class for S3 does the work."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, **others: Any) -> None:
        """As MLflow makes every store; by how many words, has changed from release to release."""
        words = others if tracking_uri is None else {"tracking_uri": tracking_uri, **others}
        super().__init__(artifact_uri, **words)
        self._s3 = S3ArtifactRepository(artifact_uri, **words)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Bring a file into the bucket."""
        self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Bring all files of a folder into the bucket."""
        self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[Any]:
        """What is directly below a path."""
        found: list[Any] = self._s3.list_artifacts(path)
        return found

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file, or a folder and all below it."""
        self._s3.delete_artifacts(artifact_path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._s3._download_file(remote_file_path, local_path)
