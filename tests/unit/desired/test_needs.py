"""What has to be there before what."""

import pytest

from mlflow_operator import desired
from unit.desired.servers import EXISTING, MANAGED, SQLITE, Spec, inputs, only, prepared, server

IDENTITY = ("ServiceAccount", "mlflow")
NEEDS = {
    "volumes": (
        SQLITE,
        {IDENTITY, ("PersistentVolumeClaim", "mlflow-database"), ("PersistentVolumeClaim", "mlflow-artifacts")},
    ),
    "Secrets": (EXISTING, {IDENTITY, ("Secret", "db"), ("Secret", "keys")}),
    "managed stores": (MANAGED, {IDENTITY, ("Secret", "mlflow-postgres"), ("Secret", "mlflow-object-store")}),
}


@pytest.mark.parametrize(("spec", "needed"), NEEDS.values(), ids=list(NEEDS))
def test_pods_need_their_account_their_volumes_and_their_credentials(spec: Spec, needed: set[desired.Key]) -> None:
    """Of the server as of its preparation."""
    wanted = server(spec)
    assert desired.needs(only(prepared(wanted), "Deployment")) == needed
    assert desired.needs(only(desired.build(wanted, inputs(wanted)), "Job")) == needed


def test_a_managed_store_needs_its_own_only() -> None:
    """A store does not wait for the other one."""
    built = desired.build(server(MANAGED), inputs(server(MANAGED)))
    found = {o["metadata"]["name"]: desired.needs(o) for o in built.objects if o["kind"] == "StatefulSet"}
    for name, needed in found.items():
        assert {("Secret", name), ("PersistentVolumeClaim", name)} <= needed
        assert {other for _, other in needed} <= {name, "mlflow"}


def test_what_has_no_pods_needs_nothing() -> None:
    """So nothing stops a Service."""
    built = desired.build(server(MANAGED), inputs(server(MANAGED)))
    without = [o for o in built.objects if o["kind"] in ("Service", "Secret", "ServiceAccount")]
    assert without
    assert {desired.needs(o) for o in without} == {frozenset()}
