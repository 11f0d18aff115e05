"""Several clients write to one model at once, on PostgreSQL: MLflow has no compare-and-swap, and no lock."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cluster.host.errors import ClusterError
from cluster.services.registry import Registry
from cluster.services.team import Object, Team, condition, has_reason, is_current

pytestmark = pytest.mark.integration

CLIENTS = 3
VERSIONS = 6


@contextmanager
def foreign_clients(registry: Registry, model: str) -> Iterator[list[str]]:
    """Other people's clients, which move versions of the model in and out of Production until the body ends."""
    stop, errors = threading.Event(), []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        client = Registry(registry.url)
        while not stop.is_set():
            stage = chance.choice(["Production", "Archived", "Staging"])
            try:
                client.move(model, str(chance.randint(1, 9)), stage, archive=stage != "Archived")
            except ClusterError as error:
                if "DeadlockDetected" not in str(error):  # MLflow passes on what PostgreSQL does to racing writers
                    errors.append(str(error))
            time.sleep(chance.random() * 0.05)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def attempted(version: int) -> Callable[[Object], bool]:
    """Whether the latest finished attempt is for a version."""

    def holds(promotion: Object) -> bool:
        history = promotion["status"].get("history") or [{}]
        return is_current(promotion) and history[0].get("toVersion") == str(version)

    return holds


def test_a_claim_among_other_clients_says_what_holds_the_slot(served: Team, registry: Registry, model: str) -> None:
    """Six versions, three foreign clients: every version is attempted, and in the end one apply gives one holder."""
    with foreign_clients(registry, model) as errors:
        for version in range(1, VERSIONS + 1):
            served.promote("fraud", model, version)
            done = served.until("modelpromotion", "fraud", attempted(version))
            assert done["status"]["history"][0]["result"] == "Promoted"
    assert errors == []
    last = served.until(
        "modelpromotion", "fraud", lambda o: set(o["status"]["holders"]) == set(registry.holders(model, "Production"))
    )
    assert condition(last, "Ready")["reason"] in ("Promoted", "DriftDetected")
    served.promote("fraud", model, 9)
    settled = served.until(
        "modelpromotion", "fraud", lambda o: has_reason("Promoted")(o) and o["status"]["currentVersion"] == "9"
    )
    assert registry.holders(model, "Production") == ["9"] == settled["status"]["holders"]


def test_claims_on_one_model_take_turns(served: Team, registry: Registry, model: str) -> None:
    """Many claims on slots of one model, applied at once: each gets its slot, and stages have one holder each."""
    wanted = {"Staging": 3, "Production": 4}
    for stage, version in wanted.items():
        served.promote(f"fraud-{stage.lower()}", model, version, target={"stage": stage})
    for version in range(1, 7):
        served.promote(f"fraud-alias-{version}", model, version, target={"alias": f"slot-{version}"})
    for name in ("fraud-staging", "fraud-production", *(f"fraud-alias-{v}" for v in range(1, 7))):
        served.ready("modelpromotion", name)
    assert {stage: registry.holders(model, stage) for stage in wanted} == {"Staging": ["3"], "Production": ["4"]}
    assert registry.aliases(model) == {f"slot-{v}": str(v) for v in range(1, 7)}
