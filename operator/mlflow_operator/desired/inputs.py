"""What ``build`` needs to know beside the MLflowServer, and what it answers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Object = dict[str, Any]
"""A Kubernetes object, or a part of one, as it goes to the API server."""

Key = tuple[str, str]
"""Kind and name of an object in the server's namespace."""


@dataclass(frozen=True)
class Images:
    """The images that a server is made of; {version} stands for the MLflow release."""

    server: str
    postgres: str
    object_store: str
    oauth2_proxy: str
    toolbox: str = ""
    pull_policy: str | None = None


@dataclass(frozen=True)
class Inputs:
    """The observed part of the world that decides what should exist."""

    images: Images
    cluster_domain: str = "cluster.local"
    namespace: str = ""
    """The operator's own; empty where it is in none."""
    user_ids: Literal["Fixed", "Platform"] = "Fixed"
    """Whether pods run as users of our choice, where the spec names none, or as the platform chooses."""
    digests: Mapping[Key, str] = field(default_factory=dict)
    """Fingerprint of what pods read of each existing Secret and ConfigMap in ``references``."""
    existing: frozenset[Key] = frozenset()
    """Secrets in ``generated_secrets`` and preparation Jobs that exist; neither is ever changed."""
    prepared: frozenset[str] = frozenset()
    """What has been prepared, as ``Desired.stores``."""
    planned: str | None = None
    """What a migration was planned for and said of, as ``Desired.stores``: it may come now."""
    migrated_by: str | None = None
    """The release that has the data now, where it is known."""
    generated: Mapping[str, str] = field(default_factory=dict)
    """A random password for each Secret in ``generated_secrets`` that does not exist yet."""


@dataclass(frozen=True)
class Desired:
    """The objects of a server."""

    objects: list[Object] = field(default_factory=list)
    """To be applied, in this order."""
    held: frozenset[Key] = frozenset()
    """Objects that must neither be applied now nor be pruned."""
    preparation: str | None = None
    """Name of the Job that has to succeed before the Deployment moves; None: none is needed."""
    stores: str | None = None
    """Fingerprint of what the stores notice of that Job; the success of any Job with the same one is as good."""
    prepared: bool = True
    """Whether one of them has succeeded."""
    later: tuple[Object, ...] = ()
    """To be applied when it has, and worth a dry run before it begins."""
    migrates: bool = False
    """The preparation is one that was planned, and migrates a schema that is there."""
    backup: Object | None = None
    """A backup Job that has to succeed before it does."""


class Reference(NamedTuple):
    """A Secret or ConfigMap that pods of the server read."""

    kind: str
    name: str
    keys: frozenset[str] = frozenset()
    """Keys that it has to have."""
    optional: bool = False
    """It may be absent: optional in the pod, or made by the operator itself."""
    others: frozenset[str] = frozenset()
    """Keys that are read where it has them."""
    whole: bool = False
    """Everything that is in it is read."""
    followed: bool = False
    """Pods notice a change by themselves, so that none of them is replaced for it."""
    only_prepares: bool = False
    """Only the preparation reads it, so a change of it exchanges no pods."""
    only_serves: bool = False
    """Only the server's pods read it, so a change of it prepares nothing."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name

    def read_of(self, obj: Object) -> dict[str, Any]:
        """What pods read of the object, by key."""
        data = {**obj.get("data", {}), **obj.get("binaryData", {})}
        return {key: value for key, value in data.items() if self.whole or key in self.keys | self.others}


def digest(content: Any) -> str:
    """A short fingerprint of JSON-like content, such as the data of a Secret."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
