"""What a platform asks of every promotion, on a real API server and a real MLflow: nobody's claim gets around it."""

import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from cluster.host import waiting
from cluster.host.errors import ClusterError
from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Administered, Object, Team, condition, has_reason
from integration.gates.test_gates import AUC, gate, hour, measured
from mlflow_operator.api.schema import API_VERSION

pytestmark = pytest.mark.integration

Write = Callable[..., str]


@pytest.fixture
def write(installed: ControlPlane, model: str) -> Iterator[Write]:
    """Applies a policy about the test's own model, and returns its name; all of them are gone afterwards."""
    names: list[str] = []

    def apply(governs: Object | None = None, name: str = "", **spec: Object) -> str:
        name = name or f"policy-{uuid.uuid4().hex[:8]}"
        about = {"models": [f"{model[:-2]}*"], **(governs or {})}
        body = {"apiVersion": API_VERSION, "kind": "PromotionPolicy", "metadata": {"name": name}}
        text = json.dumps({**body, "spec": {"governs": about, **spec}})
        installed.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)
        names.append(name)
        return name

    yield apply
    installed.kubectl("delete", "promotionpolicy", "--ignore-not-found", *dict.fromkeys(names))


def until(plane: Administered, name: str, reason: str) -> Object:
    """A policy, once it has a reason."""
    found: Object = {}

    def has() -> bool:
        found.update(json.loads(plane.kubectl("get", "mpp", name, "-o", "json")))
        return has_reason(reason)(found)

    waiting.until(has, what=f"{name} to be {reason}", seconds=30)
    return found


def test_a_claim_that_asks_for_nothing_is_asked_all_the_same(
    served: Team, registry: Registry, model: str, write: Write
) -> None:
    """Refused with the number and with the policy's name; the better version goes in, and the attempt says by whom."""
    bad, good = measured(registry, model, 0.88), measured(registry, model, 0.93)
    name = write(gates={"metrics": [AUC]})
    until(served.plane, name, "InForce")
    served.promote("fraud", model, bad)
    refused = served.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert gate(refused, "auc")["from"] == f"policy/{name}"
    assert condition(refused, "Ready")["message"].startswith(f"gate auc (policy {name}): val_auc of the logged model")
    assert registry.holders(model, "Production") == []
    served.promote("fraud", model, good)
    ready = served.ready("modelpromotion", "fraud")
    assert ready["status"]["attempt"]["policies"] == [f"{name}@1"]
    assert registry.holders(model, "Production") == [good]


def test_a_claim_cannot_ask_for_less(served: Team, registry: Registry, model: str, write: Write) -> None:
    """A lower bound, a gate of its own that is only tried, a rollback that skips everything."""
    low = measured(registry, model, 0.5)
    write(gates={"metrics": [AUC]})
    tried = {"metrics": [AUC | {"min": 0.1}, AUC | {"name": "b", "mode": "DryRun"}]}
    served.promote("fraud", model, low, gates=tried, rollback={"skipGates": ["metrics", "windows"]})
    refused = served.until("modelpromotion", "fraud", has_reason("GateFailed"))
    assert [g["result"] for g in refused["status"]["gates"]] == ["Passed", "Failed", "Failed"]
    assert registry.holders(model, "Production") == []


def test_requirements_of_a_policy_are_waited_for(served: Team, registry: Registry, model: str, write: Write) -> None:
    """A tag that somebody has to set; the claim goes on by itself when it is there."""
    name = write(requires={"tags": [{"key": "vouched"}]})
    served.promote("fraud", model, 7)
    waits = served.until("modelpromotion", "fraud", has_reason("TagMissing"))
    assert condition(waits, "RequirementsMet")["message"].endswith(f"(policy {name})")
    registry.tag(model, "7", "vouched", "yes")
    served.ready("modelpromotion", "fraud")


def test_it_governs_slots_and_namespaces_and_nothing_else(
    served: Team, registry: Registry, model: str, write: Write, installed: ControlPlane
) -> None:
    """The same version goes where nobody asks, and waits where somebody does, until the label goes."""
    shut = {"windows": {"allow": [{"cron": hour(3), "duration": "1h"}]}}
    installed.kubectl("label", "namespace", served.namespace, "tier=regulated")
    write({"slots": [{"alias": "champion"}], "namespaces": {"matchLabels": {"tier": "regulated"}}}, gates=shut)
    served.promote("staging", model, 7, target={"stage": "Staging"})
    served.ready("modelpromotion", "staging")
    served.promote("fraud", model, 6, target={"stage": "Production", "mirrorAlias": "champion"})
    waits = served.until("modelpromotion", "fraud", has_reason("WindowClosed"))
    assert waits["status"]["window"]["open"] is False
    installed.kubectl("label", "namespace", served.namespace, "tier-")
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["6"]


def test_a_server_is_governed_by_whatever_object_it_is_reached(
    served: Team, registry: Registry, model: str, write: Write
) -> None:
    """Another MLflowServer with the same address is no way around."""
    served.external_server(registry.url, "other")
    servers = [{"name": "mlflow", "namespace": served.namespace}]
    write({"servers": servers}, requires={"tags": [{"key": "vouched"}]})
    served.promote("fraud", model, 7, serverRef={"name": "other"})
    served.until("modelpromotion", "fraud", has_reason("TagMissing"))
    assert registry.holders(model, "Production") == []


def test_what_is_promoted_stays_when_a_policy_comes(
    served: Team, registry: Registry, model: str, write: Write, installed: ControlPlane
) -> None:
    """It is asked of the next version; a claim that waits for it goes on when the policy goes."""
    served.promote("fraud", model, 7)
    before = served.ready("modelpromotion", "fraud")
    name = write(requires={"tags": [{"key": "vouched"}]})
    until(installed, name, "InForce")
    served.promote("fraud", model, 8)
    served.until("modelpromotion", "fraud", has_reason("TagMissing"))
    assert registry.holders(model, "Production") == [before["status"]["currentVersion"]] == ["7"]
    installed.kubectl("delete", "mpp", name)
    served.ready("modelpromotion", "fraud")
    assert registry.holders(model, "Production") == ["8"]


def test_a_rollback_skips_what_the_policy_lets_it_skip(
    served: Team, registry: Registry, model: str, write: Write
) -> None:
    """An emergency does not wait for the platform's window, where the platform says so."""
    for version in (6, 7):
        served.promote("fraud", model, version)
        served.ready("modelpromotion", "fraud")
    shut = {"windows": {"allow": [{"cron": hour(3), "duration": "1h"}]}}
    name = write(gates=shut)
    skips = {"skipGates": ["windows"]}
    served.promote("fraud", model, 6, rollback=skips)
    served.until("modelpromotion", "fraud", has_reason("WindowClosed"))
    write(name=name, gates=shut, rollback=skips)
    ready = served.ready("modelpromotion", "fraud")
    assert (gate(ready, "window")["result"], registry.holders(model, "Production")) == ("Skipped", ["6"])


def test_policies_that_contradict_each_other_say_so_and_both_hold(
    served: Team, registry: Registry, model: str, write: Write, installed: ControlPlane
) -> None:
    """Each names the other, and what; no version passes, until one of them has changed."""
    here = write(requires={"tags": [{"key": "by", "value": "anna"}]})
    there = write(requires={"tags": [{"key": "by", "value": "ben"}]})
    for name, other in ((here, there), (there, here)):
        found = until(installed, name, "Contradiction")
        assert f"with policy {other}: tag by has to be" in condition(found, "Ready")["message"]
        assert condition(found, "Stalled")["status"] == "True"
    registry.tag(model, "7", "by", "anna")
    served.promote("fraud", model, 7)
    served.until("modelpromotion", "fraud", has_reason("TagRefused"))
    write(name=there, requires={"tags": [{"key": "by"}]})
    served.ready("modelpromotion", "fraud")
    for name in (here, there):
        until(installed, name, "InForce")


def test_a_policy_asks_for_people_where_the_claim_asks_for_none(
    served: Team, registry: Registry, model: str, write: Write
) -> None:
    """More of them than the claim would do with, and not who has asked, whatever the claim allows."""
    name = write(gates={"approval": {"required": 2, "excluded": ["bob"]}})
    own = {"approval": {"required": 1, "allowSelfApproval": True}}
    served.promote("fraud", model, 7, gates=own, annotations={"mlflow.talentflow.ai/requested-by": "alice"})
    waits = served.until("modelpromotion", "fraud", has_reason("ApprovalRequired"))
    assert (waits["status"]["approval"]["required"], registry.holders(model, "Production")) == (2, [])
    assert {g["from"] for g in waits["status"]["gates"]} == {"spec", f"policy/{name}"}


def test_no_team_writes_a_policy(installed: ControlPlane, namespace: str, write: Write) -> None:
    """The admin of a namespace may write everything in it, and this is in none."""
    installed.kubectl("-n", namespace, "create", "rolebinding", "admins", "--clusterrole=admin", "--user=tess")
    name = write(requires={"signature": True})
    for words in (("get", "mpp"), ("delete", "mpp", name), ("patch", "mpp", name, "--type=merge", "-p", "{}")):
        with pytest.raises(ClusterError, match=r'cannot (get|list|delete|patch) resource "promotionpolicies"'):
            installed.kubectl(*words, "--as", "tess")
