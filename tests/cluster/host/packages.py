"""Debian packages the tiers need, installed only when root and missing."""

import os
import platform
import shutil

from cluster.host import folders, run
from cluster.host.console import step
from cluster.host.errors import Unavailable
from cluster.host.locking import exclusive

INTEGRATION = {
    "openssl": "openssl",
    "postgresql": "/usr/lib/postgresql",
    "libnss-wrapper": f"/usr/lib/{platform.machine()}-linux-gnu/libnss_wrapper.so",
}
NODE = {
    **INTEGRATION,
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "iproute2": "ip",
    "iptables": "iptables",
    "conntrack": "conntrack",
}
BROWSER = {"chromium": "chromium", "fonts-liberation": "/usr/share/fonts/truetype/liberation"}


def ensure(wanted: dict[str, str]) -> None:
    """Install what is missing of `wanted` (package -> a program on PATH, or a path that it brings).

    Raises:
        Unavailable: something is missing and cannot be installed here.
    """
    missing = _missing(wanted)
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Unavailable(f"missing: {' '.join(missing)} (Debian's names); install them, or run as root on Debian")
    with exclusive(folders.cache() / "packages.lock"):
        if missing := _missing(wanted):
            _install(missing)


def _missing(wanted: dict[str, str]) -> list[str]:
    return [package for package, proof in wanted.items() if not _present(proof)]


def _install(missing: list[str]) -> None:
    with step(f"Installing {' '.join(missing)}"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run.output(["apt-get", "update", "-qq"], env=quiet)
        run.output(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=quiet)


def _present(proof: str) -> bool:
    return os.path.exists(proof) if proof.startswith("/") else shutil.which(proof, path=search_path()) is not None


def search_path() -> str:
    """Return PATH with the folders that a non-login shell of root may lack."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
