"""People who ask for promotions, approve them or say no: users of the API server, impersonated."""

import json
from typing import Any

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.services.team import Object, Team

REQUESTED_BY = "mlflow.talentflow.ai/requested-by"
ROLES = {
    "alice": ("edit", "mlflow-operator-promote", "mlflow-operator-approve"),
    "erin": ("edit",),
    "paul": ("edit", "mlflow-operator-promote-production"),
    "bob": ("mlflow-operator-approve-production",),
    "carol": ("mlflow-operator-approve",),
}
"""alice may do everything, erin write claims that move nothing, paul promote, bob and carol approve."""


class People:
    """Those of one team."""

    def __init__(self, team: Team) -> None:
        self.team = team

    def bind(self) -> None:
        """Give them their rights, and wait until the policies are in force."""
        items = [_binding(who, role) for who, roles in ROLES.items() for role in roles]
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
        self.team.plane.kubectl("-n", self.team.namespace, "create", "-f", "-", text=listed)
        probe = {"promotionRef": {"name": "x", "uid": "x"}, "slots": ["production"], "attempt": "0" * 64}

        def in_force() -> bool:
            return "your own user name: bob" in self.told("bob", **probe, approver="nobody")

        waiting.until(in_force, what="the policies", seconds=60, pause=0.5)

    def ask(self, who: str, name: str, model: str, version: int | str, **spec: Any) -> Object:
        """Apply a claim on Production that others have to approve, unless `spec` says otherwise."""
        annotations = {REQUESTED_BY: who} | spec.pop("annotations", {})
        kept = {key: value for key, value in annotations.items() if value}
        wanted = {"serverRef": {"name": "mlflow"}, "model": model, "target": {"stage": "Production"}}
        gates: Object = {"gates": {"approval": {}}}
        obj = self.team.object("ModelPromotion", name, wanted | {"version": version} | gates | spec, annotations=kept)
        words = ("apply", "--server-side", "--force-conflicts", "-o", "json", "-f", "-", "--as", who)
        made: Object = json.loads(self.team.plane.kubectl(*words, text=json.dumps(obj)))
        return made

    def say(self, who: str, claim: Object, decision: str = "Approve", **spec: Any) -> str:
        """Say something about what a claim asks for; the name of the PromotionApproval."""
        asked = claim["status"]["approval"]
        about = {
            "promotionRef": {"name": claim["metadata"]["name"], "uid": claim["metadata"]["uid"]},
            "slots": asked["slots"],
            "attempt": asked["digest"],
            "decision": decision,
            **({"reason": "recall fell"} if decision == "Reject" else {}),
        }
        return self.create(who, **(about | spec))

    def create(self, who: str, *flags: str, **spec: Any) -> str:
        """Create a PromotionApproval; its name."""
        wanted = {"decision": "Approve", "approver": who, **spec}
        obj = self.team.object("PromotionApproval", "", wanted)
        obj["metadata"] = {"generateName": f"{who}-", "namespace": self.team.namespace}
        words = ("create", "-o", "jsonpath={.metadata.name}", "-f", "-", "--as", who, *flags)
        return self.team.plane.kubectl(*words, text=json.dumps(obj))

    def told(self, who: str, **spec: Any) -> str:
        """What somebody is told who may not create this; empty where it would be created."""
        try:
            self.create(who, "--dry-run=server", **spec)
        except ClusterError as error:
            return str(error)
        return ""

    def run(self, who: str, *words: str) -> str:
        """As somebody, kubectl in the namespace of the team, as somebody; what it prints, or is told."""
        try:
            return self.team.plane.kubectl("-n", self.team.namespace, *words, "--as", who)
        except ClusterError as error:
            return str(error)


def _binding(who: str, role: str) -> Object:
    api = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role}-{who}"},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": api, "kind": "User", "name": who}],
    }
