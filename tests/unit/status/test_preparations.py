"""Which preparation counts, which waits, and which goes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlflow_operator.desired import Desired, names
from mlflow_operator.status.preparations import Preparations

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE = timedelta(minutes=10)
WANTED = Desired(preparation="new", stores="these", prepared=False)
DONE = Desired(preparation="new", stores="these")
ASLEEP = Desired()

RUNS: dict[str, Any] = {"running": {}}
WAITS: dict[str, Any] = {"waiting": {"reason": "ImagePullBackOff"}}
GOOD: dict[str, Any] = {"terminated": {"exitCode": 0, "finishedAt": (NOW - timedelta(minutes=1)).isoformat()}}
JUST: dict[str, Any] = {"terminated": {"exitCode": 0, "finishedAt": (NOW - timedelta(seconds=2)).isoformat()}}
BAD: dict[str, Any] = {"terminated": {"exitCode": 1}}


def job(name: str, stores: str | None, end: str | None = None, *, minutes: int = 1, leaving: bool = False) -> Any:
    """A Job, that has ended so many minutes ago where it has ended."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    ends = [{"type": end, "status": "True", "lastTransitionTime": at}] if end else []
    annotations = {names.STORES_ANNOTATION: stores} if stores else {}
    metadata = {"name": name, "annotations": annotations} | ({"deletionTimestamp": at} if leaving else {})
    return {"metadata": metadata, "status": {"conditions": [{"type": "Suspended", "status": "False"}, *ends]}}


def pod(of: str, state: Any, sidecar: Any = None, phase: str = "") -> Any:
    """A pod of a Job; a kubelet lists containers by name."""
    containers = [{"name": "prepare", "state": state}] if state else []
    beside = [{"name": "istio-proxy", "state": sidecar}] if sidecar else []
    phase = phase or ("Running" if sidecar or state == RUNS else "Pending")
    status = {"phase": phase, "containerStatuses": beside + containers}
    return {"metadata": {"labels": {"batch.kubernetes.io/job-name": of}}, "status": status}


@pytest.mark.parametrize(
    ("wanted", "there", "pods", "goes"),
    [
        (WANTED, job("new", "these"), [], False),
        (WANTED, job("new", "these", "Failed"), [], False),
        (WANTED, job("new", "these", "Failed", minutes=11), [], True),
        (WANTED, job("new", "these", "Complete", minutes=99), [], False),
        (WANTED, job("old", "these"), [], True),
        (WANTED, job("old", "these"), [pod("old", WAITS)], True),
        (WANTED, job("old", "these"), [pod("old", RUNS)], False),
        (WANTED, job("old", "these", "Failed"), [], True),
        (WANTED, job("old", "these", "Complete"), [], False),
        (WANTED, job("old", "others"), [], True),
        (WANTED, job("old", "others"), [pod("old", RUNS)], False),
        (WANTED, job("old", "others"), [pod("old", None, sidecar=RUNS)], False),
        (WANTED, job("old", "others"), [pod("old", BAD, sidecar=RUNS)], True),
        (WANTED, job("old", "others"), [pod("other", RUNS)], True),
        (WANTED, job("old", "others", "Complete"), [], True),
        (WANTED, job("old", None, "Complete"), [], True),
        (WANTED, job("old", "others", leaving=True), [], False),
        (DONE, job("new", "these", "Complete"), [], False),
        (DONE, job("old", "these", "Complete"), [], False),
        (DONE, job("new", "these"), [pod("new", GOOD, sidecar=RUNS)], True),
        (DONE, job("new", "these"), [pod("new", JUST, sidecar=RUNS)], False),
        (DONE, job("new", "these"), [pod("new", GOOD)], False),
        (DONE, job("new", "these"), [pod("new", GOOD, phase="Running")], False),
        (DONE, job("new", "these"), [pod("new", GOOD, sidecar=GOOD)], False),
        (DONE, job("old", "these", "Failed"), [], True),
        (ASLEEP, job("old", "these", "Complete"), [], True),
        (ASLEEP, job("old", "these"), [pod("old", RUNS)], False),
    ],
)
def test_which_preparation_goes(wanted: Desired, there: Any, pods: list[Any], *, goes: bool) -> None:
    """What cannot help any more, and never what may be migrating."""
    found = Preparations((there,), tuple(pods)).superfluous(wanted, NOW, PATIENCE)
    assert found == ([there] if goes else [])


@pytest.mark.parametrize(
    ("there", "pods", "prepared"),
    [
        (job("a", "these", "Complete"), [], {"these"}),
        (job("a", "these", "Failed"), [], set()),
        (job("a", "these"), [pod("a", GOOD, sidecar=RUNS)], {"these"}),
        (job("a", "these"), [pod("a", BAD, sidecar=GOOD)], set()),
        (job("a", "these"), [pod("b", GOOD)], set()),
        (job("a", "these", "Complete", leaving=True), [], set()),
        (job("a", None, "Complete"), [], set()),
    ],
)
def test_what_has_been_prepared(there: Any, pods: list[Any], prepared: set[str]) -> None:
    """The container called prepare decides, whatever its sidecars do."""
    assert Preparations((there,), tuple(pods)).prepared() == prepared


def test_one_at_a_time() -> None:
    """Any other that has not ended is in the way, also while it is being deleted; of its own name it may be."""
    ended, open_, leaving = job("a", "x", "Failed"), job("b", "x"), job("c", "x", leaving=True)
    assert Preparations((ended,)).in_the_way("new") is None
    assert Preparations((ended, open_)).in_the_way("new") == open_
    assert Preparations((leaving,)).in_the_way("new") == leaving
    assert Preparations((open_,)).in_the_way("b") is None


def test_whose_report_counts() -> None:
    """A success for these stores, else the one that is described as it is wanted, else any for these stores."""
    others, old, new, good = (
        job("x", "others", "Complete"),
        job("old", "these"),
        job("new", "these", "Failed"),
        job("good", "these", "Complete"),
    )
    assert Preparations((others,)).reporting(WANTED) is None
    assert Preparations((others, old)).reporting(WANTED) == old
    assert Preparations((new, old)).reporting(WANTED) == new
    assert Preparations((good, new, old)).reporting(WANTED) == good
