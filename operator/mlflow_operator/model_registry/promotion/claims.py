"""What a claim in the cluster says of a slot, and what has become of a wish that it was given. Pure.

The fields and reasons are those of the operator's ModelPromotion, as docs/modelpromotion.md has them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mlflow_operator.model_registry.results import ModelVersion, Slot

Object = dict[str, Any]

GROUP = "mlflow.talentflow.ai"
API_VERSION = f"{GROUP}/v1alpha1"
REQUESTED_BY = f"{GROUP}/requested-by"
_PROMOTION, _SLOT = f"{GROUP}/promotion", f"{GROUP}/slot"
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)(\.svc(\..+)?)?$")
_GIT = re.compile("argo|flux|kustomize-controller|helm-controller|fleet", re.IGNORECASE)
_MANAGER = re.compile(r'conflicts? with "([^"]+)"')


@dataclass(frozen=True)
class ClaimName:
    """Where a claim is."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def parsed(text: str) -> ClaimName | None:
    """A claim as namespace/name; None where the text is something else."""
    namespace, _, name = text.partition("/")
    return ClaimName(namespace, name) if namespace and name and "/" not in name else None


def name_of(claim: Object) -> ClaimName:
    """Where a claim is."""
    return ClaimName(claim["metadata"]["namespace"], claim["metadata"]["name"])


def signed(versions: Iterable[ModelVersion], slot: Slot) -> set[ClaimName]:
    """The claims that have moved versions into a slot, by the tags that the operator leaves on them."""
    said = {version.tags.get(_PROMOTION, "") for version in versions if version.tags.get(_SLOT) == str(slot)}
    return {claim for claim in map(parsed, said) if claim}


def governs(claim: Object, model: str, slot: Slot) -> bool:
    """Whether a claim, on whichever server, is about a slot; one that only shows a plan is about none."""
    spec = claim.get("spec", {})
    target = spec.get("target", {})
    if spec.get("model") != model or spec.get("dryRun"):
        return False
    if slot.kind == "stage":
        return bool(target.get("stage") == slot.name)
    return slot.name in (target.get("alias"), target.get("mirrorAlias"))


def outdone(claim: Object) -> bool:
    """Whether another claim has the slot."""
    return condition(claim, "ConflictFree").get("status") == "False"


def server_of(claim: Object) -> ClaimName:
    """Where the MLflowServer of a claim is."""
    ref = claim["spec"]["serverRef"]
    return ClaimName(ref.get("namespace") or claim["metadata"]["namespace"], ref["name"])


def is_at(server: Object, url: str, namespace: str) -> bool:
    """Whether an MLflowServer is the one at a URL, as somebody in a namespace writes it."""
    urls = (server.get("status", {}).get("url"), server.get("spec", {}).get("external", {}).get("url"))
    there = server["metadata"]["namespace"]
    return any(_spelt(known, there) == _spelt(url, namespace) for known in urls if known)


def same_workspace(claim: Object, server: Object, workspace: str) -> bool:
    """Whether a claim is about a workspace; the default one may be named or not."""
    of_server = server.get("spec", {}).get("external", {}).get("workspace")
    meant = claim["spec"]["serverRef"].get("workspace") or of_server or "default"
    return bool(meant == (workspace or "default"))


def _spelt(url: str, namespace: str) -> tuple[str, str, int | None, str]:
    """A URL in one spelling, whichever of a Service's names it has."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url, "", None, ""
    full = host if "." in host or host == "localhost" else f"{host}.{namespace}"
    service = _SERVICE.fullmatch(full)
    short = f"{service[1]}.{service[2]}" if service else full
    return parts.scheme, short, port or {"http": 80, "https": 443}.get(parts.scheme), parts.path.rstrip("/")


def wish(claim: Object, version: int, requested_by: str) -> Object:
    """The claim with another version: what is applied, and nothing else of it.

    With the uid, so that a claim that goes in between is not made anew.
    """
    meta = claim["metadata"]
    metadata: Object = {"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"]}
    if requested_by:
        metadata["annotations"] = {REQUESTED_BY: requested_by}
    spec = {"version": version}
    return {"apiVersion": API_VERSION, "kind": "ModelPromotion", "metadata": metadata, "spec": spec}


def wants_a_name(claim: Object) -> bool:
    """Whether the claim has to say who asks for a version: where people approve, or where it says so already."""
    approval = claim.get("spec", {}).get("gates", {}).get("approval") or claim.get("status", {}).get("approval")
    return bool(approval) or REQUESTED_BY in claim["metadata"].get("annotations", {})


def kept_by_git(refusal: str) -> str:
    """Who keeps the field, of a conflict's words, if it is a program that would put it back; else empty."""
    return next((manager for manager in _MANAGER.findall(refusal) if _GIT.search(manager)), "")


@dataclass(frozen=True)
class Outcome:
    """Where a wish stands."""

    done: bool
    """The claim has what it wanted."""
    final: bool
    """Only a change by somebody helps."""
    text: str
    """Why, in the claim's own words."""


def outcome(claim: Object, version: int) -> Outcome:
    """What the claim says of the generation that it has now."""
    ready = condition(claim, "Ready")
    if ready.get("observedGeneration") != claim["metadata"]["generation"]:
        return Outcome(done=False, final=False, text="the operator has not looked at it yet; does it run?")
    text = f"{ready.get('reason', '')}: {ready.get('message', '')}"
    done = ready.get("status") == "True" and str(claim["spec"]["version"]) == str(version)
    stalled = condition(claim, "Stalled").get("status") == "True" or ready.get("reason") == "Suspended"
    return Outcome(done=done, final=stalled and not done, text=text)


def condition(obj: Object, type_: str) -> Mapping[str, Any]:
    """A condition of an object; an empty one where it is absent."""
    conditions = obj.get("status", {}).get("conditions", [])
    return next((c for c in conditions if c.get("type") == type_), {})
