"""Images without Docker: a Debian base by debootstrap, the rest by buildah, in the cache."""

import os
import re
from pathlib import Path

from cluster.host import folders, packages, run
from cluster.host.console import step

BASE = "localhost/mlflow-base:12"
BASE_PACKAGES = ("python3", "python3-venv", "ca-certificates")
SUITE = "bookworm"
STEPS_KEPT = 20  # of earlier builds, each up to a few hundred MB; all are dropped when there are more
DOCUMENTATION = ("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale")
PACKAGE_LISTS = ("var/cache/apt", "var/lib/apt/lists", "var/log")


def build(options: list[str], context: Path, reference: str, archive: Path) -> None:
    """Build an image and write it to `archive`.

    The format is Docker's, whose layers are not compressed: compressing and expanding would take longer than the rest.
    """
    packages.ensure(packages.NODE)
    dockerfile = Path(options[options.index("--file") + 1]).read_text()
    if "BASE_IMAGE" in dockerfile:
        _ensure_base()
        options = [*options, "--build-arg", f"BASE_IMAGE={BASE}"]
    if "SYSTEM_CERTS" in dockerfile:  # what the machine trusts, it trusts in the build; apt steps would write there
        options = [*options, "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"]
    _run("build", "--quiet", "--layers", *options, "--tag", reference, str(context))
    unfinished = archive.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    _run("push", "--quiet", reference, f"docker-archive:{unfinished}:{reference}")
    for older in archive.parent.glob(f"{archive.stem.rpartition('-')[0]}-????????????.tar"):
        older.unlink()
    unfinished.rename(archive)
    if len(_run("images", "--quiet", "--filter", "dangling=true").split()) > STEPS_KEPT:
        _run("rmi", "--prune")


def _ensure_base() -> None:
    if re.search(rf"^{re.escape(BASE)}$", _run("images", "--format", "{{.Name}}:{{.Tag}}"), re.MULTILINE):
        return
    with step("Making a Debian base image with debootstrap"):
        folder = folders.cache() / "base"
        rootfs = folder / "rootfs"
        run.output(["rm", "-rf", rootfs])
        rootfs.mkdir(parents=True)
        included = f"--include={','.join(BASE_PACKAGES)}"
        run.output(["debootstrap", "--variant=minbase", included, SUITE, rootfs, *_mirror()])
        for path in (*DOCUMENTATION, *PACKAGE_LISTS):
            run.output(["find", rootfs / path, "-mindepth", "1", "-delete"])
        run.output(["tar", "-C", rootfs, "-cf", folder / "rootfs.tar", "."])
        _run("build", "--quiet", "--file", str(folders.HERE / "images" / "base.Dockerfile"), "--tag", BASE, str(folder))
        run.output(["rm", "-rf", folder])


def _mirror() -> list[str]:
    """Return the Debian mirror that this machine uses itself; where none is found, debootstrap knows Debian's own."""
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(file.read_text() for file in sources if file.is_file())
    return re.findall(r"https?://\S+/debian/?(?=\s)", text)[:1]


def _run(*words: str) -> str:
    storage = folders.cache() / "buildah"
    places = ["--root", str(storage / "root"), "--runroot", str(storage / "run")]
    env = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": os.environ.get("STORAGE_DRIVER", "overlay")}
    return run.output(["buildah", *places, *words], env=env)
