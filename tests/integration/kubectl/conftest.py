"""People at terminals."""

import pytest

from cluster.plane.control_plane import ControlPlane
from cluster.services.team import Team
from integration.kubectl.terminal import Terminal
from integration.people import People


@pytest.fixture
def terminal(asking: ControlPlane, namespace: str) -> Terminal:
    """A terminal in the namespace of the test."""
    return Terminal(asking, namespace)


@pytest.fixture
def people(asking: ControlPlane, served: Team) -> People:
    """A team with a server, whose members have the rights that they are known for."""
    found = People(served)
    found.bind()
    served.plane.kubectl("-n", served.namespace, "create", "rolebinding", "vera", "--clusterrole=view", "--user=vera")
    return found
