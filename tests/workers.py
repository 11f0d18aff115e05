"""Which worker of pytest runs what, where several share the tests (`pytest -n 3`); without `-n` nothing here counts.

A worker is a session: it has an API server, stores and an operator of its own. A file stays together, so the fixtures
of its module are made once. All that needs the node stays together, since a machine has one.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

NODE = "tests/e2e"
ON_THE_NODE = (f"{NODE}/", *(f"tests/ecosystem/test_{name}.py" for name in ("login", "routes", "walls")))
LONG = (
    NODE,
    "tests/integration/server/test_one_by_one.py",
    "tests/integration/webhooks/test_killed_with_all_gates.py",
    "tests/integration/releases/test_runs.py",
    "tests/integration/gates/test_killed_at_writes.py",
    "tests/integration/promotions/test_frugality.py",
    "tests/integration/promotions/test_survival.py",
    "tests/integration/gates/test_gate_jobs.py",
    "tests/integration/kubectl/test_looking.py",
    "tests/integration/kubectl/test_comparing.py",
    "tests/integration/gates/test_gates.py",
    "tests/integration/gates/test_approvals.py",
    "tests/integration/webhooks/test_confirm.py",
    "tests/integration/webhooks/test_telling.py",
    "tests/integration/service/test_scoring_service.py",
    "tests/unit/reconcile/gates/test_all_gates.py",
)
"""What takes longest, longest first: begun last it would run when everybody else is done."""


def group(nodeid: str) -> str:
    """What stays together with a test."""
    file = nodeid.partition("::")[0]
    return NODE if file.startswith(ON_THE_NODE) else file


def rank(nodeid: str) -> tuple[int, bool]:
    """When a test's group begins: the long ones, then what waits much, then what computes and fills the gaps."""
    name = group(nodeid)
    return LONG.index(name) if name in LONG else len(LONG), name.startswith("tests/unit/")


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each worker a group after the other, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order what the workers collect; who runs one file after another gets them as they are."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """Whatever `--dist` says."""
    config.option.loadscopereorder = False  # by the number of tests, which says nothing of how long they take
    return Groups(config, log)
