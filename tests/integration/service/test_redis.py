"""Several processes share what they know by Redis; without it the service is slower, and nothing else."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from cluster.services.mlflow_server import MlflowServer
from cluster.services.redis import Redis
from cluster.services.registry import Registry
from mlflow_operator.model_registry import Invalid, ModelRegistry

pytestmark = pytest.mark.integration


@pytest.fixture
async def pair(plain_mlflow: MlflowServer, redis: Redis) -> AsyncIterator[tuple[ModelRegistry, ModelRegistry]]:
    """The service in two processes, as far as Redis can tell."""
    plain_mlflow.start()
    async with (
        ModelRegistry(plain_mlflow.url, cache=redis.url) as one,
        ModelRegistry(plain_mlflow.url, cache=redis.url) as two,
    ):
        yield one, two


async def champion(service: ModelRegistry, model: str) -> int:
    """Who holds the alias, as the service says it."""
    return (await service.get_version(model, alias="champion")).version


async def test_what_one_process_has_asked_another_need_not(
    pair: tuple[ModelRegistry, ModelRegistry], others: Registry, model: str
) -> None:
    """It is given again until it runs out; nothing that was asked is in a key that can be read."""
    others.alias(model, "champion", "1")
    one, two = pair
    assert await champion(one, model) == 1
    others.alias(model, "champion", "2")
    assert await champion(two, model) == 1


async def test_a_promotion_is_seen_by_all_processes(
    pair: tuple[ModelRegistry, ModelRegistry], others: Registry, model: str
) -> None:
    """At once, since it is said in Redis."""
    others.alias(model, "champion", "1")
    one, two = pair
    assert (await champion(one, model), await champion(two, model)) == (1, 1)
    await one.promote_model(model, 2, alias="champion")
    assert (await champion(one, model), await champion(two, model)) == (2, 2)


async def test_who_has_seen_the_newer_is_not_told_the_older(
    pair: tuple[ModelRegistry, ModelRegistry], plain_mlflow: MlflowServer, redis: Redis, others: Registry, model: str
) -> None:
    """Though the older is what Redis has: it was left there by a process that knew no better."""
    others.alias(model, "champion", "1")
    one, _ = pair
    assert await champion(one, model) == 1
    answer = redis.ask("--raw", "keys", "mlflow-model-registry:1:answer:*").splitlines()
    kept = {key: redis.ask("--raw", "get", key) for key in answer}
    others.alias(model, "champion", "2")
    for key in answer:
        redis.ask("del", key)
    assert await champion(one, model) == 2
    for key, value in kept.items():
        redis.ask("set", key, value)
    async with ModelRegistry(plain_mlflow.url, cache=redis.url) as new:
        assert await champion(new, model) == 1
    assert await champion(one, model) == 2


async def test_redis_killed_in_mid_flight_is_nothing_to_notice(
    pair: tuple[ModelRegistry, ModelRegistry], redis: Redis, others: Registry, model: str
) -> None:
    """Two hundred calls while it dies, and while it is dead: each has its answer, and soon; then it is used again."""
    others.alias(model, "champion", "1")
    one, two = pair

    async def many(service: ModelRegistry) -> list[int]:
        return await asyncio.gather(*(champion(service, model) for _ in range(100)))

    async def kill() -> None:
        await asyncio.sleep(0.005)
        redis.kill()

    began = time.monotonic()
    found = await asyncio.gather(many(one), many(two), kill())
    assert set(found[0] + found[1]) == {1}
    await one.promote_model(model, 2, alias="champion")
    assert set(await many(one)) == {2}
    assert time.monotonic() - began < 20
    redis.start()
    await asyncio.sleep(5.1)
    assert (await champion(one, model), await champion(two, model)) == (2, 2)
    assert await champion(two, model) == 2
    assert redis.ask("--raw", "keys", "mlflow-model-registry:1:answer:*")


async def test_a_redis_that_hangs_costs_a_moment_once(
    pair: tuple[ModelRegistry, ModelRegistry], redis: Redis, others: Registry, model: str
) -> None:
    """Then it is left alone for a while."""
    others.alias(model, "champion", "1")
    one, _ = pair
    assert await champion(one, model) == 1
    with redis.process.frozen():
        times = []
        for _number in range(4):
            began = time.monotonic()
            assert await champion(one, model) == 1
            times.append(time.monotonic() - began)
    assert times[0] < 1.5
    assert max(times[1:]) < 0.25


@pytest.mark.parametrize("rubbish", ["", "[]", '{"key": 1}', "\xff\xfe", '{"key": "other", "answer": {}}'])
async def test_rubbish_in_redis_is_no_answer(
    pair: tuple[ModelRegistry, ModelRegistry], redis: Redis, others: Registry, model: str, rubbish: str
) -> None:
    """It is asked anew, and what was there is written over."""
    others.alias(model, "champion", "1")
    one, two = pair
    assert await champion(one, model) == 1
    for key in redis.ask("--raw", "keys", "mlflow-model-registry:1:answer:*").splitlines():
        redis.ask("set", key, rubbish)
    assert (await champion(two, model), await champion(one, model)) == (1, 1)


async def test_a_wrong_password_is_a_redis_without_answers(
    plain_mlflow: MlflowServer, redis: Redis, model: str
) -> None:
    """And an address that is none is refused without being repeated."""
    async with ModelRegistry(plain_mlflow.url, cache=redis.url.replace("://:", "://:wrong-")) as service:
        assert (await service.get_version(model, 1)).version == 1
    wrong = ModelRegistry(plain_mlflow.url, cache="redis://:s3cret@[::1/0")
    with pytest.raises(Invalid) as raised:
        await wrong.list_models()
    assert "s3cret" not in str(raised.value)
