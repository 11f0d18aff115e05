"""CRDs of other projects."""

import json
from pathlib import Path

from cluster.host import waiting
from cluster.services.team import Administered


def install(plane: Administered, folder: Path, only: str = "*.yaml") -> None:
    """Apply the CRDs of a folder, from files of some name, and return when they are served."""
    files = [str(file) for file in sorted(folder.glob(only)) if file.name != "kustomization.yaml"]
    applied = plane.kubectl("apply", "--server-side", "-o", "name", *(w for file in files for w in ("-f", file)))

    def served() -> bool:
        """As `kubectl wait` would tell, which fails on one that nobody has looked at yet."""
        items = json.loads(plane.kubectl("get", "-o", "json", *applied.split()))
        found = [item.get("status", {}).get("conditions") or [] for item in items.get("items", [items])]
        return all(any(c["type"] == "Established" and c["status"] == "True" for c in one) for one in found)

    waiting.until(served, what=f"the CRDs of {folder}", seconds=60, pause=0.3)
