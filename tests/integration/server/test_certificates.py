"""A certificate of cert-manager, on a real API server that knows Certificates only later; cert-manager is played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.host import waiting
from cluster.services.team import Administered, Team, has_reason
from integration.server.steps import SQLITE, patch, secret
from unit.signing import signed

pytestmark = pytest.mark.integration

CRD = Path(__file__).with_name("certificates.yaml")
ISSUED = {"tls": {"issuerRef": {"name": "corporate", "kind": "ClusterIssuer"}}}


@pytest.fixture
def without(team: Team) -> Iterator[Administered]:
    """The cluster, which has no Certificates before and after."""
    yield team.plane
    team.plane.kubectl("delete", "--ignore-not-found", "--wait", "-f", str(CRD))


def test_a_certificate_is_asked_for_when_somebody_can_make_it(team: Team, without: Administered) -> None:
    """Until then the server says what is missing, and nothing starts; a Certificate that is edited is put back."""
    team.apply("MLflowServer", "mlflow", {**SQLITE, **ISSUED})
    team.until("mlflowserver", "mlflow", has_reason("CertManagerMissing"))
    without.kubectl("apply", "-f", str(CRD))
    team.until("mlflowserver", "mlflow", has_reason("CertificateNotIssued"), seconds=60)
    made = team.get("certificate", "mlflow-certificate")["spec"]
    full = f"mlflow.{team.namespace}.svc.cluster.local"
    assert made["dnsNames"] == ["mlflow", f"mlflow.{team.namespace}", f"mlflow.{team.namespace}.svc", full]
    assert made["issuerRef"] == {"name": "corporate", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    assert not without.kubectl("get", "deployments,jobs", "-n", team.namespace, "-o", "name")
    patch(team, "certificate/mlflow-certificate", {"spec": {"dnsNames": ["other"]}}, "--type=merge")
    team.until("certificate", "mlflow-certificate", lambda o: o["spec"]["dnsNames"] == made["dnsNames"])
    pair = signed(full)
    secret(team, made["secretName"], **{"tls.crt": pair.certificate, "tls.key": pair.key})
    words = ("get", "deployment", "mlflow", "-n", team.namespace, "--ignore-not-found", "-o", "name")
    waiting.until(lambda: bool(without.kubectl(*words)), what="the Deployment", seconds=30)
    team.apply("MLflowServer", "mlflow", SQLITE)
    listed = ("get", "certificates", "-n", team.namespace, "-o", "name")
    waiting.until(lambda: not without.kubectl(*listed), what="the Certificate to go", seconds=30)
