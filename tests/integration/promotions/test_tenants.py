"""Whatever server a tenant points the operator to, the others do not notice."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import rest
from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.team import Team, condition, has_reason
from cluster.services.tenant import TenantServer, claim

pytestmark = pytest.mark.integration

SLOW = 2.0
"""Seconds that the slow server takes for an answer."""
MODELS = 100
LOOKS = 5
_LEAST = 0.5
"""Seconds; a promotion alone takes less, and the machine's own noise is as long."""
_GROWTH = 120.0
"""Megabytes by which hostile answers may make the process larger: some bodies of the largest size that is read."""


@pytest.fixture
def neighbour(installed: ControlPlane) -> Iterator[Team]:
    """Another team, in a namespace of its own."""
    name = f"neighbour-{time.time_ns()}"
    installed.kubectl("create", "namespace", name)
    yield Team(installed, name)
    installed.kubectl("delete", "namespace", name, "--wait=false")


def promotion_seconds(team: Team, model: str, version: int) -> float:
    """From apply to Ready, as kubectl sees it."""
    begun = time.monotonic()
    team.promote("fraud", model, version)
    team.ready("modelpromotion", "fraud")
    return time.monotonic() - begun


def typical(team: Team, model: str) -> float:
    """The median of some promotions."""
    return statistics.median(promotion_seconds(team, model, number % 2 + 1) for number in range(LOOKS))


def resident_megabytes(operator: OperatorProcess) -> float:
    """Resident memory of the operator now."""
    lines = Path(f"/proc/{operator.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def test_a_slow_server_slows_nobody_else(served: Team, neighbour: Team, operator: OperatorProcess, model: str) -> None:
    """A hundred models on a server that takes two seconds: the team beside it is served as if it were alone."""
    alone = typical(served, model)
    with TenantServer(delay=SLOW).running() as slow:
        server = neighbour.object("MLflowServer", "mlflow", {"external": {"url": slow.url}})
        names = [f"slow-{number}" for number in range(MODELS)]
        neighbour.apply_all([server, *(neighbour.object("ModelPromotion", name, claim(name)) for name in names)])
        neighbour.ready("mlflowserver", "mlflow")
        beside = []
        for number in range(LOOKS):
            beside.append(promotion_seconds(served, model, number % 2 + 1))
            assert rest.get(f"{operator.url}/healthz") == (200, b"ok")
        assert slow.asked > 0
    assert statistics.median(beside) <= 3 * max(alone, _LEAST), (alone, beside)


HARM = {"stream": "AnswerTooLarge", "bomb": "AnswerCompressed", "pages": "AnswerTooLarge"}
"""What a server does, and the reason that its claims have."""


@pytest.mark.parametrize("harm", HARM)
def test_a_hostile_answer_costs_little_and_is_named(
    served: Team, neighbour: Team, operator: OperatorProcess, model: str, harm: str
) -> None:
    """A body without end, a gigabyte in a megabyte, a list that goes on and on: an error by name, and life goes on."""
    promotion_seconds(served, model, 1)
    before = resident_megabytes(operator)
    with TenantServer(harm=harm).running() as hostile:
        neighbour.external_server(hostile.url)
        neighbour.apply("ModelPromotion", "hostile", claim("fraud"))
        found = neighbour.until("modelpromotion", "hostile", has_reason(HARM[harm]), seconds=60)
        promotion_seconds(served, model, 2)
        assert condition(found, "Ready")["status"] == "Unknown"
        assert rest.get(f"{operator.url}/healthz") == (200, b"ok")
        assert resident_megabytes(operator) - before < _GROWTH
