"""What the service tells of a registry."""

import asyncio
import time

import pytest

from cluster.host import ports
from cluster.services.light_mlflow import ADMIN, PASSWORD
from cluster.services.mlflow_server import MlflowServer
from cluster.services.registry import Registry
from mlflow_operator.model_registry import ModelRegistry, NotFound, PermissionDenied

pytestmark = pytest.mark.integration


async def test_models_are_listed_with_their_slots(service: ModelRegistry, others: Registry, model: str) -> None:
    """Aliases, and the newest version in each stage."""
    others.move(model, "2", "Production")
    others.alias(model, "champion", "3")
    found = next(known for known in await service.list_models() if known.name == model)
    assert found.aliases == {"champion": 3}
    assert found.stages == {"Production": 2, "None": 5}
    assert found.latest_version == 5
    assert [known.name for known in await service.list_models(f"name = '{model}'")] == [model]


async def test_a_version_is_found_by_number_stage_and_alias(
    service: ModelRegistry, others: Registry, model: str
) -> None:
    """And the newest, where nothing is said."""
    others.move(model, "2", "Production")
    others.move(model, "4", "Production", archive=False)
    others.alias(model, "champion", "3")
    found = [
        await service.get_version(model, 1),
        await service.get_version(model, stage="Production"),
        await service.get_version(model, alias="champion"),
        await service.get_version(model),
    ]
    assert [version.version for version in found] == [1, 4, 3, 5]
    assert found[2].aliases == ("champion",)


async def test_who_holds_a_stage_is_said_to_be_in_it(service: ModelRegistry, others: Registry, model: str) -> None:
    """Though the version by its number is remembered from before it was promoted."""
    assert (await service.get_version(model, 2)).stage == "None"
    others.move(model, "2", "Production")
    others.alias(model, "champion", "2")
    found = await service.get_version(model, stage="Production")
    assert (found.version, found.stage, found.aliases) == (2, "Production", ("champion",))


async def test_an_empty_slot_names_those_that_are_held(service: ModelRegistry, others: Registry, model: str) -> None:
    """Whoever has mistyped an alias sees it."""
    others.alias(model, "champion", "3")
    with pytest.raises(NotFound, match=r"no version of .* holds alias/champoin; .* alias/champion, stage/None"):
        await service.get_version(model, alias="champoin")
    with pytest.raises(NotFound, match="holds stage/Staging"):
        await service.get_version(model, stage="Staging")
    with pytest.raises(NotFound):
        await service.get_version(f"{model}-not", alias="champion")


async def test_health_is_told_and_never_raised(service: ModelRegistry, plain_mlflow: MlflowServer) -> None:
    """With the release where all is well, with the reason where it is not."""
    healthy = await service.health_check()
    assert (healthy["status"], healthy["version"]) == ("healthy", plain_mlflow.version)
    async with ModelRegistry(f"http://127.0.0.1:{ports.free(1)[0]}") as nobody:
        unhealthy = await nobody.health_check()
    assert (unhealthy["status"], unhealthy["reason"]) == ("unhealthy", "Unavailable")
    assert "connection refused" in unhealthy["error"]


async def test_two_hundred_calls_at_once_are_answered(service: ModelRegistry, others: Registry, model: str) -> None:
    """Those that ask the same ask once."""
    others.alias(model, "champion", "3")
    began = time.monotonic()
    calls = [service.get_version(model, alias="champion") for _ in range(100)]
    lists = [service.list_models() for _ in range(100)]
    versions, models = await asyncio.gather(asyncio.gather(*calls), asyncio.gather(*lists))
    assert {version.version for version in versions} == {3}
    assert all(model in [known.name for known in found] for found in models)
    assert time.monotonic() - began < 20


async def test_two_hundred_calls_are_answered_without_a_memory(plain_mlflow: MlflowServer, model: str) -> None:
    """Each asks for itself, over a bounded number of connections."""
    async with ModelRegistry(plain_mlflow.url, cache=None) as service:
        calls = [service.get_version(model, 1 + number % 5) for number in range(200)]
        found = await asyncio.gather(*calls)
    assert [version.version for version in found] == [1 + number % 5 for number in range(200)]


async def test_a_server_with_logins_lets_in_who_has_one(
    secured_mlflow: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variables of MLflow's client, or in the URL; else the refusal says what to check, and no password."""
    async with ModelRegistry(secured_mlflow.url) as anonymous:
        with pytest.raises(PermissionDenied, match="does not know who asks"):
            await anonymous.list_models()
        assert (await anonymous.health_check())["reason"] == "PermissionDenied"
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    async with ModelRegistry(secured_mlflow.url) as admin:
        with pytest.raises(NotFound):
            await admin.get_version("nobody-has-this", 1)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong-password")
    with_login = secured_mlflow.url.replace("//", f"//{ADMIN}:{PASSWORD}@")
    async with ModelRegistry(with_login) as admin:
        health = await admin.health_check()
    assert (health["status"], health["server"]) == ("healthy", secured_mlflow.url)
