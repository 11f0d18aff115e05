"""Who keeps an object as Git has it, and would put a change back: Argo CD and Flux, by the marks they leave."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_operator.kubectl.terminal.person import Person

Object = Mapping[str, Any]

_ARGO_NAMESPACE = "argocd"
_CONTROLLERS = {
    "argocd-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}
_FLUX = {
    "kustomize.toolkit.fluxcd.io": ("Kustomization", "kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
    "helm.toolkit.fluxcd.io": ("HelmRelease", "helm.toolkit.fluxcd.io/v2", "helmreleases"),
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SOURCE = "source.toolkit.fluxcd.io/v1"


@dataclass(frozen=True)
class Keeper:
    """What applies the object from Git."""

    tool: str
    kind: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""
    """Of the object that says where the repository is; empty where the marks do not tell."""

    def __str__(self) -> str:
        """As people know it."""
        return f"{self.tool} ({self.kind} {self.name})" if self.name else self.tool


def keeper(obj: Object) -> Keeper | None:
    """Who keeps the object; None where nobody has left a mark."""
    meta = obj["metadata"]
    labels, annotations = meta.get("labels", {}), meta.get("annotations", {})
    for group, (kind, api_version, plural) in _FLUX.items():
        if name := labels.get(f"{group}/name"):
            namespace = labels.get(f"{group}/namespace", meta["namespace"])
            return Keeper("Flux", kind, name, namespace, _path(api_version, namespace, plural, name))
    managers = {field.get("manager") for field in meta.get("managedFields", [])}
    tracked = annotations.get("argocd.argoproj.io/tracking-id", "").partition(":")[0]
    instance = labels.get("app.kubernetes.io/instance", "") if "argocd-controller" in managers else ""
    if application := tracked or labels.get("argocd.argoproj.io/instance") or instance:
        return _application(application)
    return next((Keeper(tool) for manager, tool in _CONTROLLERS.items() if manager in managers), None)


def _application(tracked: str) -> Keeper:
    """An Application; one of another namespace than Argo CD's own is written with it, as namespace_name."""
    namespace, separator, name = tracked.partition("_")
    namespace, name = (namespace, name) if separator else (_ARGO_NAMESPACE, tracked)
    return Keeper(
        "Argo CD",
        "Application",
        name,
        namespace,
        _path("argoproj.io/v1alpha1", namespace, "applications", name),
    )


def _path(api_version: str, namespace: str, plural: str, name: str) -> str:
    """Of an object that marks name; empty where they name none: whoever writes marks leads nobody elsewhere."""
    named = _NAME.fullmatch(namespace) and _NAME.fullmatch(name)
    return f"/apis/{api_version}/namespaces/{namespace}/{plural}/{name}" if named else ""


async def source(person: Person, keeper: Keeper) -> str:
    """Where in which repository the object comes from, as far as the person may know; else what to look for."""
    found = await person.anything(keeper.path) if keeper.path else None
    if found is None:
        return "its manifest in Git"
    spec = found.get("spec", {})
    if keeper.tool == "Argo CD":
        return _of_application(spec)
    ref = spec.get("sourceRef") or {}
    place = _path(_SOURCE, ref.get("namespace", keeper.namespace), "gitrepositories", str(ref.get("name")))
    repository = await person.anything(place) if place and ref.get("kind") == "GitRepository" else None
    url = repository["spec"]["url"] if repository else f"{ref.get('kind', 'its source')} {ref.get('name', '')}".strip()
    return _named(url, spec.get("path", ""), "")


def _of_application(spec: Object) -> str:
    sources = spec.get("sources") or [spec.get("source", {})]
    named = (_named(s.get("repoURL", ""), s.get("path", ""), s.get("targetRevision", "")) for s in sources)
    return ", or ".join(named)


def _named(url: str, folder: str, revision: str) -> str:
    """A folder of a repository, without a login that its address may have in it."""
    bare = re.sub(r"(?<=://)[^@/\s]+@", "", url)
    where = (
        f"its manifest in {folder.removeprefix('./')} of {bare}" if folder.strip("./") else f"its manifest in {bare}"
    )
    return f"{where} at {revision}" if revision else where
