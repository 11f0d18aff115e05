"""Programs of Node.js, installed from npm/ into the cache by what their lock file pins."""

import hashlib
import re
import shutil
from pathlib import Path

from cluster.host import folders, run
from cluster.host.console import step
from cluster.host.errors import Unavailable
from cluster.host.locking import exclusive

MINIMUM_NODE = 20
FILES = ("package.json", "package-lock.json")


def install(name: str, program: str) -> Path:
    """Return a program of a folder of npm/, with the packages that it needs beside it.

    Raises:
        Unavailable: there is no Node.js, or an old one.
        ClusterError: a package is not what the lock file says.
    """
    _require_node()
    source = folders.HERE / "npm" / name
    files = (*FILES, program)
    key = hashlib.sha256(b"".join((source / file).read_bytes() for file in files)).hexdigest()[:12]
    target = folders.cache() / "npm" / f"{name}-{key}"
    with exclusive(target.parent / f"{name}.lock"):
        if not target.exists():
            with step(f"Installing {name} from npm packages (once)"):
                _install(source, files, target)
    return target / program


def _install(source: Path, files: tuple[str, ...], target: Path) -> None:
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for file in files:
        shutil.copyfile(source / file, unfinished / file)
    # None of the packages needs to run a program of its own while it is installed.
    run.output(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], folder=unfinished)
    unfinished.rename(target)


def _require_node() -> None:
    """Debian's own is too old before Debian 13, so none is installed here."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    found = "" if missing else run.output(["node", "--version"]).strip()
    version = re.match(r"v(\d+)\.", found)
    if version is None or int(version[1]) < MINIMUM_NODE:
        what = f"missing: {' '.join(missing)}" if missing else f"Node.js is {found}"
        raise Unavailable(f"{what}; install Node.js {MINIMUM_NODE} or newer, with npm")
