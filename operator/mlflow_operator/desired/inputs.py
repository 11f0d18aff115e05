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
    pull_policy: str | None = None


@dataclass(frozen=True)
class Inputs:
    """The observed part of the world that decides what should exist."""

    images: Images
    cluster_domain: str = "cluster.local"
    user_ids: Literal["Fixed", "Platform"] = "Fixed"
    """Whether pods run as users of our choice, where the spec names none, or as the platform chooses."""
    digests: Mapping[Key, str] = field(default_factory=dict)
    """``digest`` of each existing Secret and ConfigMap in ``references``."""
    existing: frozenset[Key] = frozenset()
    """Secrets in ``generated_secrets`` and preparation Jobs that exist; neither is ever changed."""
    prepared: frozenset[str] = frozenset()
    """Names of the preparation Jobs that succeeded."""
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
    prepared: bool = True
    """Whether that Job has succeeded."""


class Reference(NamedTuple):
    """A Secret or ConfigMap that pods of the server read."""

    kind: str
    name: str
    keys: frozenset[str] = frozenset()
    """Keys that it has to have."""
    optional: bool = False
    """It may be absent: optional in the pod, or made by the operator itself."""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


def digest(content: Any) -> str:
    """A short fingerprint of JSON-like content, such as the data of a Secret."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
