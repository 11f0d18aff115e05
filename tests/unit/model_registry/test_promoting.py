"""A promotion looks before it writes and after it, and tells whoever lost a race."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mlflow_operator.model_registry import Conflict, Governed, Invalid, ModelRegistry, NotFound
from mlflow_operator.model_registry.promotion import choice
from unit.model_registry.serving import Answers, serving, talking
from unit.model_registry.small_mlflow import MODEL, SmallMlflow


@pytest.fixture
def mlflow() -> SmallMlflow:
    """A registry with five versions."""
    return SmallMlflow()


@pytest.fixture
async def registry(mlflow: SmallMlflow, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ModelRegistry]:
    """The service at it, with no cluster to ask."""
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    async with serving(mlflow) as url, ModelRegistry(url) as service:
        yield service


async def test_a_version_that_came_in_between_is_told_and_left(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """Two are in the stage then: whoever looks last must not undo what another was just told."""
    mlflow.between = lambda: mlflow.move(5, "Production")
    with pytest.raises(Conflict, match="version 5 holds it now"):
        await registry.promote_model(MODEL, 2, stage="Production")
    assert mlflow.holders("Production") == [2, 5]


async def test_who_was_moved_out_in_between_is_told(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """By whom, if anybody is in the stage."""
    mlflow.between = lambda: mlflow.move(5, "Production", archive=True)
    with pytest.raises(Conflict, match="version 5 holds it now"):
        await registry.promote_model(MODEL, 2, stage="Production")
    mlflow.between = lambda: mlflow.stages.update(dict.fromkeys((2, 5), "None"))
    with pytest.raises(Conflict, match="nobody holds it now"):
        await registry.promote_model(MODEL, 2, stage="Production")


async def test_an_alias_that_was_moved_in_between_is_told(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """Nobody is told that its version holds the alias when it does not."""
    mlflow.between = lambda: mlflow.aliases.update(champion=4)
    with pytest.raises(Conflict, match="moved alias/champion of fraud while version 2 was promoted: version 4 holds"):
        await registry.promote_model(MODEL, 2, alias="champion")


async def test_what_was_there_before_and_came_back_is_archived(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """MLflow's archiving is not exclusive: of several moves at once some leave the old one where it was."""
    mlflow.move(1, "Production")
    acts = [lambda: mlflow.move(1, "Production")]
    mlflow.between = lambda: acts.pop()() if acts else None
    done = await registry.promote_model(MODEL, 2, stage="Production")
    assert (mlflow.holders("Production"), mlflow.holders("Archived"), done.previous) == ([2], [1], (1,))


async def test_a_version_that_shares_its_stage_is_made_the_only_one(
    registry: ModelRegistry, mlflow: SmallMlflow
) -> None:
    """It holds the slot, but not alone."""
    for version in (1, 2):
        mlflow.move(version, "Production")
    assert (await registry.promote_model(MODEL, 1, stage="Production")).changed
    assert mlflow.holders("Production") == [1]
    assert not (await registry.promote_model(MODEL, 1, stage="Production")).changed
    assert len(mlflow.writes) == 1


@pytest.mark.parametrize("stage", ["None", "Archived"])
async def test_nobody_is_archived_from_a_stage_for_many(
    registry: ModelRegistry, mlflow: SmallMlflow, stage: str
) -> None:
    """MLflow would answer 500."""
    mlflow.move(1, stage)
    mlflow.move(2, "Staging")
    await registry.promote_model(MODEL, 2, stage=stage)
    assert {1, 2} <= set(mlflow.holders(stage))


async def test_a_version_that_is_not_ready_is_not_promoted(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """And one that is not there neither; nothing is written."""
    with pytest.raises(NotFound):
        await registry.promote_model(MODEL, 77, stage="Production")
    mlflow.status = "FAILED_REGISTRATION"
    with pytest.raises(Invalid, match="FAILED_REGISTRATION, and has to be READY"):
        await registry.promote_model(MODEL, 2, stage="Production")
    assert mlflow.writes == []


@pytest.mark.parametrize("via", [None, "mlflow"])
async def test_a_slot_that_a_claim_has_signed_is_left_alone(
    registry: ModelRegistry, mlflow: SmallMlflow, via: None
) -> None:
    """Where the claim cannot be asked; also by a version that held the slot long ago. Other slots are free."""
    mlflow.sign(1, "team/fraud", "stage/Production")
    with pytest.raises(Governed, match=r"claim team/fraud has moved stage/Production of fraud, and could not be asked"):
        await registry.promote_model(MODEL, 2, stage="Production", via=via)
    assert mlflow.writes == []
    assert (await registry.promote_model(MODEL, 2, stage="Staging", via=via)).via == "mlflow"
    assert (await registry.promote_model(MODEL, 2, alias="champion", via=via)).via == "mlflow"


async def test_what_this_object_has_promoted_is_what_it_finds(registry: ModelRegistry, mlflow: SmallMlflow) -> None:
    """Whatever it remembered, and also where the promotion ended in an error."""
    mlflow.move(1, "Production")
    mlflow.aliases["champion"] = 1
    assert (await registry.get_version(MODEL, stage="Production")).version == 1
    await registry.promote_model(MODEL, 2, stage="Production")
    assert (await registry.get_version(MODEL, stage="Production")).version == 2
    mlflow.between = lambda: mlflow.move(5, "Production", archive=True)
    with pytest.raises(Conflict):
        await registry.promote_model(MODEL, 3, stage="Production")
    assert (await registry.get_version(MODEL, stage="Production")).version == 5


def kubeconfig(folder: Path, url: str) -> str:
    """The file of a cluster at a URL."""
    named = {"name": "there", "cluster": {"server": url}}
    context = {"name": "there", "context": {"cluster": "there", "user": "me", "namespace": "team"}}
    user = {"name": "me", "user": {"token": "t0ken"}}
    lists = {"clusters": [named], "contexts": [context], "users": [user]}
    about = {"apiVersion": "v1", "kind": "Config", "current-context": "there"}
    file = folder / "kubeconfig"
    file.write_text(json.dumps(about | lists))
    return str(file)


async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """A cluster that takes connections and says nothing."""
    await asyncio.sleep(30)


@pytest.mark.parametrize(
    "cluster",
    [
        silent,
        Answers((503, "<html>")),
        Answers((200, "[]")),
        Answers((200, {"items": 7})),
        Answers((403, {})),
        Answers((404, "404 page not found")),
    ],
)
async def test_a_cluster_that_does_not_answer_holds_up_nobody(
    registry: ModelRegistry, mlflow: SmallMlflow, cluster: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its kubeconfig may be of something else; a slot that is signed is left alone all the same."""
    monkeypatch.setattr(choice, "_FINDING", 0.3)
    async with talking(cluster) if cluster is silent else serving(cluster) as url:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, url))
        assert (await registry.promote_model(MODEL, 2, stage="Production")).via == "mlflow"
        mlflow.sign(2, "team/fraud", "stage/Production")
        with pytest.raises(Governed, match="could not be asked: the Kubernetes API"):
            await registry.promote_model(MODEL, 3, stage="Production")
    assert mlflow.holders("Production") == [2]


async def test_a_signed_claim_that_another_cluster_has_not_may_be_there_still(
    registry: ModelRegistry, mlflow: SmallMlflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only a cluster that has this MLflow can say that its claim was deleted; else the caller does."""
    url = ""

    async def cluster(request: web.Request) -> web.Response:
        if request.path.endswith("/fraud"):
            return web.json_response({"message": "not found"}, status=404)
        servers = [{"metadata": {"namespace": "team"}, "status": {"url": url}}]
        return web.json_response({"metadata": {}, "items": servers if "mlflowservers" in request.path else []})

    mlflow.sign(1, "team/fraud", "stage/Production")
    async with serving(cluster) as there:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, there))
        with pytest.raises(Governed, match="is not in this cluster, which has no MLflowServer at this URL"):
            await registry.promote_model(MODEL, 2, stage="Production")
        assert (await registry.promote_model(MODEL, 2, stage="Production", via="mlflow")).changed
        url = (await registry.health_check())["server"]
        assert (await registry.promote_model(MODEL, 3, stage="Production")).via == "mlflow"


def claim(name: str, **status: Any) -> dict[str, Any]:
    """A claim on Production, as the cluster has it."""
    metadata = {"name": name, "namespace": "team", "uid": name, "generation": 1}
    spec = {"serverRef": {"name": "mlflow"}, "model": MODEL, "target": {"stage": "Production"}, "version": 1}
    return {"metadata": metadata, "spec": spec, "status": status}


async def test_of_several_claims_the_one_that_has_the_slot_is_asked(
    registry: ModelRegistry, mlflow: SmallMlflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that another has outdone is none; where nobody can tell, the caller has to say which."""
    outdone = {"conditions": [{"type": "ConflictFree", "status": "False"}]}
    items = [claim("first"), claim("second")]

    async def cluster(request: web.Request) -> web.Response:
        if "mlflowservers" in request.path:
            return web.json_response({"metadata": {"namespace": "team"}, "status": {"url": here}})
        return web.json_response({"metadata": {}, "items": items})

    here = (await registry.health_check())["server"]
    async with serving(cluster) as url:
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, url))
        with pytest.raises(Governed, match="claims team/first, team/second are all about"):
            await registry.promote_model(MODEL, 2, stage="Production")
        items[1] = claim("second", **outdone)
        with pytest.raises(Governed, match="claim team/first governs"):
            await registry.promote_model(MODEL, 2, stage="Production", via="mlflow")
    assert mlflow.writes == []
