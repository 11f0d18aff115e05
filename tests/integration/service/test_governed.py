"""A slot that a claim governs is moved by its claim, with the caller's own rights, and by nobody else."""

import json
from pathlib import Path

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane
from cluster.services.registry import Registry
from cluster.services.team import Team
from mlflow_operator.model_registry import (
    Governed,
    Invalid,
    ModelRegistry,
    NotFound,
    PermissionDenied,
)

pytestmark = pytest.mark.integration

ROLES = {"promoter": ("edit", "mlflow-operator-promote"), "reader": ("view",), "stranger": ()}
REQUESTED_BY = "mlflow.talentflow.ai/requested-by"


@pytest.fixture
def kubeconfigs(served: Team) -> dict[str, Path]:
    """Those of three accounts in the team's namespace: who may promote, who may read, who may nothing."""
    plane = served.plane
    assert isinstance(plane, ControlPlane)
    found = {}
    for account, roles in ROLES.items():
        plane.kubectl("-n", served.namespace, "create", "serviceaccount", account)
        for role in roles:
            words = (f"{account}-{role}", f"--clusterrole={role}", f"--serviceaccount={served.namespace}:{account}")
            plane.kubectl("-n", served.namespace, "create", "rolebinding", *words)
        found[account] = plane.kubeconfig_for(account, served.namespace)
        content = yaml.safe_load(found[account].read_text())
        content["contexts"][0]["context"]["namespace"] = served.namespace
        found[account].write_text(yaml.safe_dump(content))
    return found


@pytest.fixture
def promoter(kubeconfigs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own kubeconfig is that of somebody who may promote."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfigs["promoter"]))


async def test_a_claim_is_given_the_version_and_waited_for(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """Nothing has to be said: the versions in the registry are signed by their claim."""
    served.promote("fraud", model, 1)
    served.ready("modelpromotion", "fraud")
    done = await service.promote_model(model_name=model, version="2", stage="Production")
    assert (done.via, done.claim) == ("kubernetes", f"{served.namespace}/fraud")
    assert (done.previous, done.changed) == ((1,), True)
    assert others.holders(model, "Production") == ["2"]
    assert served.get("modelpromotion", "fraud")["spec"]["version"] == 2
    assert (await service.get_version(model, stage="Production")).version == 2
    assert not (await service.promote_model(model, 2, stage="Production")).changed


async def test_a_claim_that_has_moved_nothing_yet_governs_too(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """It is found in the cluster, by the URL of its server."""
    served.promote("fraud", model, 77)
    done = await service.promote_model(model, 3, stage="Production")
    assert done.via == "kubernetes"
    assert others.holders(model, "Production") == ["3"]


async def test_a_mirrored_alias_is_governed(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """It moves with the stage of its claim, by whichever name it is asked for."""
    served.promote("fraud", model, 1, target={"stage": "Production", "mirrorAlias": "champion"})
    served.ready("modelpromotion", "fraud")
    done = await service.promote_model(model, 2, alias="champion")
    assert done.via == "kubernetes"
    assert (others.aliases(model), others.holders(model, "Production")) == ({"champion": "2"}, ["2"])


async def test_other_slots_of_the_model_are_free(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """And so is the slot itself when its claim is gone."""
    served.promote("fraud", model, 1)
    served.ready("modelpromotion", "fraud")
    assert (await service.promote_model(model, 2, alias="challenger")).via == "mlflow"
    served.delete("modelpromotion", "fraud")
    assert (await service.promote_model(model, 2, stage="Production")).via == "mlflow"
    assert others.holders(model, "Production") == ["2"]


async def test_nobody_moves_a_governed_slot_behind_its_claims_back(
    service: ModelRegistry, served: Team, model: str, kubeconfigs: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by asking for it, not without a cluster, not without the rights to read the claim or to change it."""
    served.promote("fraud", model, 1)
    served.ready("modelpromotion", "fraud")
    for via in (None, "mlflow"):
        with pytest.raises(Governed, match="could not be asked: the kubeconfig"):
            await service.promote_model(model, 2, stage="Production", via=via)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfigs["stranger"]))
    with pytest.raises(Governed, match="could not be asked: the Kubernetes API answered 403"):
        await service.promote_model(model, 2, stage="Production")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfigs["reader"]))
    with pytest.raises(PermissionDenied, match="cannot patch"):
        await service.promote_model(model, 2, stage="Production")
    with pytest.raises(Governed, match="promote through it"):
        await service.promote_model(model, 2, stage="Production", via="mlflow")
    assert (await service.get_version(model, stage="Production")).version == 1
    assert served.get("modelpromotion", "fraud")["spec"]["version"] == 1


async def test_a_claim_that_refuses_says_why(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """In the words of its condition, long before the deadline where only a change can help."""
    others.tag(model, "2", "validation", "failed")
    required = {"tags": [{"key": "validation", "value": "approved"}]}
    served.promote("fraud", model, 1, requires=required)
    with pytest.raises(Governed, match="has not promoted version 2: TagRefused: "):
        await service.promote_model(model, 2, stage="Production", timeout=20)
    with pytest.raises(
        Governed, match=r"not moved it within 4 s; it goes on by itself when it can. It says TagMissing"
    ):
        await service.promote_model(model, 3, stage="Production", timeout=4)
    assert others.holders(model, "Production") == []


async def test_who_asks_is_said_where_people_approve(
    service: ModelRegistry, served: Team, model: str, promoter: None
) -> None:
    """By the name that the API server knows the caller by, so that it is nobody who approves it too."""
    served.promote("fraud", model, 1, gates={"approval": {}}, annotations={REQUESTED_BY: "somebody-else"})
    with pytest.raises(Governed, match="ApprovalRequired"):
        await service.promote_model(model, 2, stage="Production", timeout=6)
    asked = served.get("modelpromotion", "fraud")["metadata"]["annotations"][REQUESTED_BY]
    assert asked == f"system:serviceaccount:{served.namespace}:promoter"


async def test_a_claim_that_is_kept_by_git_is_left_to_git(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """It would put the version back."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": model, "target": {"stage": "Production"}, "version": 1}
    obj = served.object("ModelPromotion", "fraud", wanted)
    words = ("apply", "--server-side", "--field-manager", "argocd-controller", "-f", "-")
    served.plane.kubectl(*words, text=json.dumps(obj))
    served.ready("modelpromotion", "fraud")
    with pytest.raises(Governed, match=r"kept by argocd-controller, .* change it in Git"):
        await service.promote_model(model, 2, stage="Production")
    assert others.holders(model, "Production") == ["1"]


async def test_a_claim_on_a_server_at_another_url_is_asked_about(
    plain_name: str, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """It may be the same MLflow behind another name; the caller says whether it is."""
    served.promote("fraud", model, 77)
    async with ModelRegistry(plain_name) as service:
        with pytest.raises(Governed, match="on a server at another URL"):
            await service.promote_model(model, 2, stage="Production")
        done = await service.promote_model(model, 2, stage="Production", claim=f"{served.namespace}/fraud")
        assert done.via == "kubernetes"
        with pytest.raises(NotFound, match="there is no claim"):
            await service.promote_model(model, 2, stage="Production", claim=f"{served.namespace}/none")
        with pytest.raises(Invalid, match="is not about alias/champion"):
            await service.promote_model(model, 2, alias="champion", claim=f"{served.namespace}/fraud")


@pytest.fixture
def plain_name(others: Registry) -> str:
    """The same MLflow by another name of this machine."""
    return others.url.replace("127.0.0.1", "localhost")


async def test_a_claim_can_be_insisted_on(
    service: ModelRegistry, served: Team, others: Registry, model: str, promoter: None
) -> None:
    """Without one nothing is written."""
    with pytest.raises(NotFound, match="apply a ModelPromotion first"):
        await service.promote_model(model, 2, stage="Production", via="kubernetes")
    assert others.holders(model, "Production") == []
