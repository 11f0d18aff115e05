"""MinIO as a process on loopback."""

from pathlib import Path

from cluster.host import ports, rest, waiting
from cluster.host.process import Process
from cluster.plane import programs

READY_SECONDS = 30
ACCESS_KEY = "minio-of-the-tests"
SECRET_KEY = "secret-of-the-tests"


class Minio:
    """One server; it keeps port and data over restarts."""

    def __init__(self, folder: Path, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._env = env or {}
        self.process = Process("minio", folder)
        self.port = ports.free(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def client_env(self) -> dict[str, str]:
        """Variables with which boto and MLflow reach it."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start it, with the data that it had, and return when it answers."""
        data = self.folder / "minio-data"
        program = programs.build(programs.MINIO) / "minio"
        env = {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_BROWSER": "off", **self._env}
        argv = [str(program), "server", "--quiet", "--address", f"127.0.0.1:{self.port}", str(data)]
        self.process.start(argv, env=env)
        waiting.until(self._answers, what=f"MinIO ({self.process.log})", seconds=READY_SECONDS)

    def stop(self) -> None:
        """End it in an orderly way."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()

    def create_bucket(self, name: str) -> str:
        """Create a bucket and return its address; a folder of the data is a bucket to MinIO."""
        (self.folder / "minio-data" / name).mkdir(parents=True, exist_ok=True)
        return f"s3://{name}"

    def objects(self, bucket: str) -> list[str]:
        """Return the keys in a bucket; MinIO keeps each object as a folder with a file xl.meta."""
        root = self.folder / "minio-data" / bucket
        return sorted(str(file.parent.relative_to(root)) for file in root.rglob("xl.meta"))

    def _answers(self) -> bool:
        self.process.check()
        return rest.succeeds(f"{self.url}/minio/health/cluster")
