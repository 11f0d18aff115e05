"""The images of the test cluster: what they are called, and how they are built without Docker and without a registry.

A built image lies in the cache as an archive that is named after a hash of its inputs, so that nothing is built twice.
"""

import contextlib
import dataclasses
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cluster.host import folders
from cluster.host.console import step
from cluster.host.locking import exclusive
from cluster.nodes import buildah
from cluster.plane import programs
from cluster.services.mlflow_server import pinned_version

IMAGE_FILES = folders.HERE / "images"
CONTAINERFILE = folders.CHECKOUT / "Dockerfile"


@dataclasses.dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        reference: its whole name; pods use it with IfNotPresent.
        dockerfile: what builds it.
        inputs: files and folders whose content decides what it is, beside the Dockerfile.
        target: stage of the Dockerfile.
        arguments: of the build.
        program: a Go program that is the whole image.
    """

    reference: str
    dockerfile: Path
    inputs: tuple[Path, ...] = ()
    target: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    program: programs.Program | None = None

    @property
    def short_name(self) -> str:
        """The name without host and tag."""
        return self.reference.rpartition("/")[2].partition(":")[0]

    @property
    def key(self) -> str:
        """Hash of everything that decides what the image contains."""
        digest = hashlib.sha256(repr((self.reference, self.target, self.arguments)).encode())
        for file in _files((self.dockerfile, *self.inputs)):
            digest.update(file.relative_to(folders.CHECKOUT).as_posix().encode() + file.read_bytes())
        digest.update(self.program.built.name.encode() if self.program else b"")
        return digest.hexdigest()[:12]

    @property
    def archive(self) -> Path:
        """Where the built image is kept, whether it exists or not."""
        tag = self.reference.rpartition(":")[2]
        return folders.cache() / "images" / f"{self.short_name}-{tag}-{self.key}.tar"


def _from_program(program: programs.Program) -> Image:
    return Image(
        f"localhost/mlflow-{program.module}:dev",
        IMAGE_FILES / "program.Dockerfile",
        target=program.module,
        program=program,
    )


_SOURCES = folders.CHECKOUT / "operator"
OPERATOR = Image(
    "localhost/mlflow-operator:dev",
    CONTAINERFILE,
    (_SOURCES / "mlflow_operator", _SOURCES / "requirements" / "operator.txt", folders.CHECKOUT / "pyproject.toml"),
    target="operator",
)

TOOLBOX = dataclasses.replace(
    OPERATOR,
    reference="localhost/mlflow-operator-toolbox:dev",
    inputs=(
        _SOURCES / "mlflow_operator",
        *(_SOURCES / "requirements" / f"{name}.txt" for name in ("operator", "toolbox")),
        folders.CHECKOUT / "pyproject.toml",
    ),
    target="toolbox",
)


def server(version: str = pinned_version()) -> Image:
    """Return the image of an MLflow version; others than the pinned one are for tests of an upgrade."""
    requirements = tuple(_SOURCES / "requirements" / name for name in ("server.in", "server.txt"))
    arguments = (("MLFLOW_VERSION", version),)
    return Image(f"localhost/mlflow-server:{version}", CONTAINERFILE, requirements, "server", arguments)


SERVER = server()
POSTGRES = Image("localhost/mlflow-postgres:15", IMAGE_FILES / "postgres.Dockerfile")
MINIO = _from_program(programs.MINIO)
COREDNS = _from_program(programs.COREDNS)
PAUSE = _from_program(programs.PAUSE)
OAUTH2_PROXY = _from_program(programs.OAUTH2_PROXY)

OF_THE_NODE = (PAUSE, COREDNS)
OF_THE_TESTS = (OPERATOR, TOOLBOX, SERVER, POSTGRES, MINIO)


def build(image: Image) -> Path:
    """Return the archive of an image, building it first when its inputs have changed.

    Raises:
        ClusterError: a step of the build failed.
    """
    archive = image.archive
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(archive.parent / "lock"):
        if not archive.exists():
            with step(f"Building the image {image.reference}"), context(image) as folder:
                buildah.build(options(image), folder, image.reference, archive)
    return archive


def options(image: Image) -> list[str]:
    """Return the options that `docker build` and `buildah build` have in common."""
    arguments = [word for name, value in image.arguments for word in ("--build-arg", f"{name}={value}")]
    target = ["--target", image.target] if image.target else []
    return ["--file", str(image.dockerfile), *target, *arguments]


@contextlib.contextmanager
def context(image: Image) -> Iterator[Path]:
    """Give the folder that a build of the image sees."""
    if image.program is None:
        yield folders.CHECKOUT
        return
    with tempfile.TemporaryDirectory(prefix="mlflow-operator-image-") as folder:
        shutil.copy(programs.build(image.program) / image.program.module, folder)
        yield Path(folder)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """List the files at and under the paths, in a fixed order, without what Python leaves behind."""
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)
