"""What the tests of webhooks share: a receiver over HTTPS, and an operator that may call it and trusts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.receiver import Receiver
from cluster.services.team import Team
from integration.conftest import QUICK


@pytest.fixture(scope="module")
def receiver_of_module(session_folder: Path) -> Iterator[Receiver]:
    """A webhook that runs."""
    with Receiver(session_folder / "receiver").running() as receiver:
        yield receiver


@pytest.fixture
def receiver(receiver_of_module: Receiver) -> Receiver:
    """The webhook, which says Passed and remembers nothing."""
    receiver_of_module.begin()
    return receiver_of_module


@pytest.fixture(scope="module")
def operator_of_module(
    session_folder: Path,
    installed: ControlPlane,
    operator_of_session: OperatorProcess,
    receiver_of_module: Receiver,
) -> Iterator[OperatorProcess]:
    """An operator that may call localhost by name, and trusts the receiver's authority."""
    operator_of_session.stop()
    trust = {"SSL_CERT_FILE": str(receiver_of_module.authority)}
    operator = OperatorProcess(session_folder / "caller", installed, QUICK | {"EXTERNAL_HOSTS": "*,localhost"}, trust)
    yield operator
    operator.stop()


@pytest.fixture
def operator(operator_of_module: OperatorProcess) -> OperatorProcess:
    """That operator, running, instead of the one of the session."""
    operator_of_module.start()
    return operator_of_module


@pytest.fixture
def signing(served: Team, receiver: Receiver) -> Team:
    """The team with an MLflowServer, and a Secret named cab with which messages are signed."""
    words = ("-n", served.namespace, "create", "secret", "generic", "cab", f"--from-literal=key={receiver.secret}")
    served.plane.kubectl(*words)
    return served
