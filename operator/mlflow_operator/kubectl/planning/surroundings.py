"""What decides about a claim beside itself: rivals, policies and labels, as far as the person may look."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.modelpromotion import ModelPromotion
from mlflow_operator.api.promotionpolicy import PromotionPolicy
from mlflow_operator.errors import ApiError, OperatorError
from mlflow_operator.kubectl.reaching.access import where
from mlflow_operator.kubectl.terminal.person import Person
from mlflow_operator.promotion.conflict import Contender, contender, winner_over
from mlflow_operator.promotion.policies.governing import Circumstances, asks_for_labels, governs

Object = dict[str, Any]
Registry = tuple[str, str]


@dataclass(frozen=True)
class Surroundings:
    """What was found, and what the person may not know."""

    rival: Contender | None = None
    policies: tuple[PromotionPolicy, ...] = ()
    unknown: tuple[str, ...] = ()
    """In sentences."""


class Directory:
    """The registries of servers, by namespace and name."""

    def __init__(self, servers: Iterable[Object]) -> None:
        self._known = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in servers}

    def registry(self, namespace: str, name: str, workspace: str = "") -> tuple[object, ...]:
        """By what the registry of a server is known; the server itself where it cannot be read."""
        try:
            return where(MLflowServer.parse(self._known[namespace, name]), workspace).registry
        except (KeyError, OperatorError):
            return namespace, name, workspace

    def of(self, claim: Object) -> tuple[object, ...]:
        """That of a claim, as the API server has it."""
        ref, namespace = claim["spec"]["serverRef"], claim["metadata"]["namespace"]
        return self.registry(ref.get("namespace") or namespace, ref["name"], ref.get("workspace") or "")


async def look(person: Person, obj: Object, claim: ModelPromotion) -> Surroundings:
    """Look around a claim."""
    namespace, unknown = claim.metadata.namespace, list[str]()
    servers, everywhere = await _widest(person, "MLflowServer", namespace)
    others, everywhere_too = await _widest(person, "ModelPromotion", namespace)
    if not (everywhere and everywhere_too):
        unknown.append("whether a claim of another namespace has the slot: you may not list claims there")
    directory = Directory(servers)
    policies = await _policies(person, claim, directory, unknown)
    return Surroundings(rival(obj, others, directory), policies, tuple(unknown))


def rival(obj: Object, others: Iterable[Object], directory: Directory) -> Contender | None:
    """Another claim that has the slot."""
    model, registry, meta = obj["spec"]["model"], directory.of(obj), obj["metadata"]
    on_it = [
        other
        for other in others
        if (other["metadata"]["namespace"], other["metadata"]["name"]) != (meta["namespace"], meta["name"])
        and other["spec"]["model"] == model
        and directory.of(other) == registry
    ]
    mine, theirs = contender(obj), map(contender, on_it)
    return winner_over(mine, [other for other in theirs if other]) if mine else None


async def _widest(person: Person, kind: str, namespace: str) -> tuple[list[Object], bool]:
    """The objects of all namespaces, or of the claim's own; and whether they are all."""
    found = await person.if_allowed(kind, None)
    if found is not None:
        return found, True
    return await person.if_allowed(kind, namespace) or [], False


async def _policies(
    person: Person, claim: ModelPromotion, directory: Directory, unknown: list[str]
) -> tuple[PromotionPolicy, ...]:
    """Those that govern the claim, by name."""
    found = await person.if_allowed("PromotionPolicy", None)
    if found is None:
        unknown.append("what policies ask for: you may not list PromotionPolicies")
        return ()
    every = sorted(map(PromotionPolicy.parse, found), key=lambda policy: policy.metadata.name)
    labels = {}
    if any(asks_for_labels(policy.spec.governs, claim) for policy in every):
        labels = await _labels(person, claim.metadata.namespace, unknown)
    at = Circumstances(labels, _servers(claim, every, directory))
    return tuple(policy for policy in every if governs(policy, claim, at))


async def _labels(person: Person, namespace: str, unknown: list[str]) -> dict[str, str]:
    try:
        found = await person.get("Namespace", "", namespace) or {"metadata": {}}
    except ApiError:
        unknown.append("which policies govern by labels of the namespace: you may not read it")
        return {}
    labels: dict[str, str] = found["metadata"].get("labels", {})
    return labels


def _servers(
    claim: ModelPromotion, policies: Iterable[PromotionPolicy], directory: Directory
) -> frozenset[tuple[str, str]]:
    """Those that policies name and that reach the claim's MLflow."""
    here = directory.registry(claim.server_namespace, claim.spec.server_ref.name)[0]
    named = {(server.namespace, server.name) for policy in policies for server in policy.spec.governs.servers}
    own = (claim.server_namespace, claim.spec.server_ref.name)
    return frozenset(pair for pair in named if pair == own or directory.registry(*pair)[0] == here)
