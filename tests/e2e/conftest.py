"""Of all that tests of this tier do, nothing may show what a Secret holds."""

import os
from collections.abc import Iterator

import pytest

from cluster.host import console, folders
from cluster.leaks.recorder import Recorder
from cluster.nodes.node import LocalNode
from cluster.providers.provider import Cluster


@pytest.fixture(scope="session", autouse=True)
def recorder(node: Cluster) -> Iterator[Recorder | None]:
    """Records from the first test on; in the end fails when a secret is anywhere but in its Secret.

    None where the node's disk and processes are not this machine's.
    """
    if not isinstance(node, LocalNode):
        yield None
        return
    recorder = Recorder(node, folders.state() / f"recorded-{os.getpid()}")
    recorder.start()
    try:
        yield recorder
        leaks = recorder.leaks()
    finally:
        recorder.stop()
    console.say(recorder.looked)
    assert leaks == [], "secrets are where nobody should find them: where, and of which Secret and key"
