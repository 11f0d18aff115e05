"""With `admission.enabled`, whoever has the operator start pods is asked whether he may; all users are impersonated."""

import json
from typing import Any

import pytest

from cluster.host import waiting
from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Team
from integration.test_authorisation import Who, apply, bind, refusal

pytestmark = pytest.mark.integration

CLERK = ("--as", "carl")
"""May write claims and promote them; no pods, no Secrets."""
STARTER = ("--as", "stella")
"""The same, and may create pods."""
OWNER = ("--as", "olga")
"""The same, and may read the Secret `login`."""
EDITOR = ("--as", "erin")
"""May edit everything in the namespace: pods and Secrets too; and promote."""

CLAIMS = {"apiGroups": ["mlflow.talentflow.ai"], "resources": ["modelpromotions"], "verbs": ["*"]}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}
LOGIN = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["login"], "verbs": ["get"]}
ROLES = {"carl": [CLAIMS], "stella": [CLAIMS, PODS], "olga": [CLAIMS, PODS, LOGIN]}

CONTAINER: dict[str, Any] = {"name": "validate", "image": "registry.example/validate:1"}


@pytest.fixture
def shop(asking: ControlPlane, team: Team) -> Team:
    """A team whose members may promote to Production, and differ in what else they may."""
    for user, rules in ROLES.items():
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": user}}
        text = json.dumps({**role, "rules": rules})
        asking.kubectl("apply", "-n", team.namespace, "-f", "-", text=text)
        asking.kubectl("-n", team.namespace, "create", "rolebinding", user, f"--role={user}", f"--user={user}")
    bind(team, "edit-erin", "edit", "erin")
    for user in (*ROLES, "erin"):
        bind(team, f"promote-{user}", "mlflow-operator-promote-production", user)
    waiting.until(
        lambda: needs_pods("carl", team) in refusal(team, "probe", 1, CLERK, gates=gates()),
        what="the policies",
        seconds=60,
        pause=0.5,
    )
    return team


def gates(spec: dict[str, Any] | None = None, **container: Any) -> dict[str, Any]:
    """A gate whose pod has these fields."""
    pod = {"containers": [CONTAINER | container], **(spec or {})}
    return {"jobs": [{"name": "fairness", "template": {"spec": pod}}]}


def needs_pods(user: str, team: Team) -> str:
    """What somebody is told who may not start pods."""
    return f"user {user} needs the verb create on pods in namespace {team.namespace}, which gates.jobs start"


def needs_secrets(user: str, secrets: str, team: Team) -> str:
    """What somebody is told who may not read the Secrets."""
    return f"user {user} needs the verb get on secrets {secrets} in namespace {team.namespace}, which gates.jobs name"


def from_secret(name: str) -> dict[str, Any]:
    """A variable of a Secret."""
    return {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}}


PLACES: dict[str, dict[str, Any]] = {
    "a variable": gates(env=[from_secret("login")]),
    "all variables": gates(envFrom=[{"secretRef": {"name": "login"}}]),
    "a volume": gates({"volumes": [{"name": "login", "secret": {"secretName": "login"}}]}),
    "a pull secret": gates({"imagePullSecrets": [{"name": "login"}]}),
}


def test_who_may_have_pods_started(shop: Team) -> None:
    """Whoever may create pods himself."""
    assert needs_pods("carl", shop) in refusal(shop, "new", 7, CLERK, gates=gates())
    for who in (STARTER, OWNER, EDITOR):
        assert refusal(shop, "new", 7, who, gates=gates()) == "", who


def test_a_claim_that_starts_no_pod_needs_no_such_right(shop: Team) -> None:
    """Other gates ask MLflow, as the operator may."""
    metrics = {"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}]}
    assert refusal(shop, "new", 7, CLERK, gates=metrics) == ""


def test_who_may_have_secrets_read(shop: Team) -> None:
    """Wherever a template names one: whoever may read that Secret himself, and no other."""
    for place, wanted in PLACES.items():
        told = needs_secrets("stella", "login", shop)
        assert told in refusal(shop, "new", 7, STARTER, gates=wanted), place
        for who in (OWNER, EDITOR):
            assert refusal(shop, "new", 7, who, gates=wanted) == "", (place, who)


def test_every_secret_of_every_gate_counts(shop: Team) -> None:
    """The first one may be read, and another gate's may not."""
    first, second = gates(env=[from_secret("login")]), gates(env=[{"name": "A", "value": "b"}, from_secret("other")])
    both = {"jobs": [first["jobs"][0], second["jobs"][0] | {"name": "drift"}]}
    assert needs_secrets("olga", "login, other", shop) in refusal(shop, "new", 7, OWNER, gates=both)


def test_a_dry_run_starts_pods_too(shop: Team) -> None:
    """Whoever may write claims may plan, but not at the cost of a right that he does not have."""
    assert needs_pods("carl", shop) in refusal(shop, "plan", 7, CLERK, gates=gates(), dryRun=True)


def change(team: Team, who: Who, **spec: Any) -> str:
    """What somebody is told who changes the claim of the editor; empty where he may."""
    return refusal(team, "fraud", spec.pop("version", 7), who, gates=spec.pop("gates", gates()), **spec)


def test_whatever_starts_a_pod_counts_and_nothing_else(shop: Team) -> None:
    """Another version of somebody else's claim, and asking once more; not an apply of what is there, nor a label."""
    apply(shop, "fraud", 7, EDITOR, gates=gates())
    assert needs_pods("carl", shop) in change(shop, CLERK, version=8)
    assert needs_pods("carl", shop) in change(shop, CLERK, suspend=True)
    assert change(shop, CLERK) == ""
    assert change(shop, CLERK, gates={"metrics": [{"name": "auc", "metric": "auc", "min": 0.9}], "jobs": []}) == ""
    words = ("-n", shop.namespace, "annotate", "modelpromotion", "fraud", "--overwrite", *CLERK)
    with pytest.raises(Exception, match="needs the verb create on pods"):
        shop.plane.kubectl(*words, "mlflow.talentflow.ai/reassert=1")
    shop.plane.kubectl(*words, "somebody/was=here")


def test_the_expressions_fit_the_kind(asking: ControlPlane) -> None:
    """The API server has checked their types, and warns of nothing."""

    def status() -> dict[str, Any]:
        found = json.loads(asking.kubectl("get", "validatingadmissionpolicy", "mlflow-operator-promote", "-o", "json"))
        return dict(found.get("status", {}))

    waiting.until(lambda: "typeChecking" in status(), what="types", seconds=60)
    assert status()["typeChecking"] == {}
