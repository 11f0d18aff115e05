"""Where the objects of a kind are, by any name that kubectl takes for it: deployment, deployments, deploy."""

from collections.abc import Callable, Iterator
from typing import Any

from cluster.host.errors import ClusterError

Read = Callable[[str], dict[str, Any]]
"""Sends a GET for a path to the API server."""


class Resources:
    """What an API server serves; it is asked when a name is not known yet."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[str, str]] = {}

    def path(self, read: Read, kind: str, namespace: str) -> str:
        """Path of the objects of a kind in a namespace.

        Raises:
            ClusterError: there is no such kind.
        """
        kind = kind.lower()
        if kind not in self._places:
            self._places = dict(_served(read))
        if kind not in self._places:
            raise ClusterError(f"the server doesn't have a resource type {kind}")
        group, plural = self._places[kind]
        return f"{group}/namespaces/{namespace}/{plural}"


def _served(read: Read) -> Iterator[tuple[str, tuple[str, str]]]:
    """Names and places of everything in a namespace; of two with one name kubectl takes the first, so it comes last."""
    versions = [group["preferredVersion"]["groupVersion"] for group in read("/apis")["groups"]]
    for path in [*(f"/apis/{version}" for version in reversed(versions)), "/api/v1"]:
        for resource in read(path)["resources"]:
            if resource["namespaced"] and "/" not in resource["name"]:
                names = {resource["name"], resource["singularName"], *resource.get("shortNames", ())}
                yield from ((name, (path, resource["name"])) for name in names)
