"""What the registry holds of one model, read at one moment."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_operator.api.slots import Slot, Target

READY = "READY"


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    version: str
    stage: str
    status: str
    """READY, PENDING_REGISTRATION or FAILED_REGISTRATION."""
    status_message: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    """When it was registered: a model that was deleted and registered again counts its versions from 1."""
    updated: int = 0
    """When it last changed, in milliseconds; a stage transition gives its model the same time."""
    run: str = ""
    """The run that made it, where there is one."""
    logged_model: str = ""
    """The logged model that it was registered from, where there is one (MLflow 3)."""


@dataclass(frozen=True)
class Mark:
    """What a list of all models tells of one: enough to see that it is as it was, or that it has to be looked at."""

    updated: int
    """In milliseconds; moves with registrations, transitions and deletions of versions, not with aliases and tags."""
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> bytes:
        """The same for two that tell the same; nobody keeps the aliases of a model that has a million of them."""
        text = repr((self.updated, sorted(self.aliases.items())))
        return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class Snapshot:
    """All versions and aliases of one model."""

    model: str
    versions: Mapping[str, ModelVersion]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Alias to version; an alias may dangle, to a version that was deleted."""
    knows_aliases: bool = True
    """Whether the aliases were asked for: they are where a claim is on one."""

    def holders(self, target: Slot | Target) -> list[str]:
        """The versions in the slot, newest first."""
        if target.alias is not None:
            version = self.aliases.get(target.alias)
            return [version] if version is not None and version in self.versions else []
        held = [v.version for v in self.versions.values() if v.stage == target.stage]
        return sorted(held, key=int, reverse=True)

    def serves(self, *, aliases: bool) -> bool:
        """Whether everything that a claim has to know is in here; ``aliases``: it has to know where they point."""
        return self.knows_aliases or not aliases

    @property
    def updated(self) -> int:
        """When anything of it that a list of all models tells of changed last, in milliseconds."""
        return max((version.updated for version in self.versions.values()), default=0)


def slot_name(target: Slot | Target) -> str:
    """The slot as users read it: stage/Production or alias/champion."""
    return f"stage/{target.stage.value}" if target.stage else f"alias/{target.alias}"
