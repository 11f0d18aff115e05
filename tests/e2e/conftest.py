"""Of all that tests of this tier do, nothing may show what a Secret holds."""

import pytest

from cluster.leaks.recorder import Recorder


@pytest.fixture(scope="session", autouse=True)
def _recorded(recorder: Recorder | None) -> None:
    """Whichever tests of this tier run, secrets are looked for when they have."""
