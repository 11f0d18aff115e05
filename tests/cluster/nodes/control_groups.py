"""The control group under which the kubelet puts the pods, in version 1 or 2."""

import contextlib
from pathlib import Path

from cluster.nodes import node_files

CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "hugetlb")


def create() -> None:
    """Make the group in every hierarchy, with what it needs from its parent."""
    for root in _hierarchies():
        delegated = root / "cgroup.subtree_control"
        for controller in CONTROLLERS if delegated.exists() else ():
            with contextlib.suppress(OSError):  # one that this kernel lacks; the kubelet says which it misses
                delegated.write_text(f"+{controller}")
        (root / node_files.CONTROL_GROUP.lstrip("/")).mkdir(exist_ok=True)


def delete() -> None:
    """Remove the group and all below it; the kernel refuses while a process is in one."""
    for root in _hierarchies():
        top = root / node_files.CONTROL_GROUP.lstrip("/")
        if not top.exists():
            continue
        groups = [top, *(path for path in top.rglob("*") if path.is_dir())]
        for group in sorted(groups, key=lambda path: len(path.parts), reverse=True):
            with contextlib.suppress(OSError):
                group.rmdir()


def _hierarchies() -> list[Path]:
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return [Path(fields[1]) for fields in mounts if fields[2] in {"cgroup", "cgroup2"}]
