"""What the operator asks of the API server, counted in the audit log: two status writes, one Event, then nothing."""

import time
from collections import Counter

import pytest

from cluster.plane.audit import AuditLog
from cluster.services.operator_process import USER, OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team

pytestmark = pytest.mark.integration

FIFTY = 50
QUIET_SECONDS = 60.0


def test_a_promotion_costs_two_status_writes_and_one_event(
    served: Team, audit: AuditLog, registry: Registry, model: str
) -> None:
    """The intent before MLflow is touched, the result after, and the announcement."""
    served.announced("mlflow", "Ready")
    mark = audit.mark()
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    served.announced("fraud", "Promoted")
    assert audit.writes(mark, USER, served.namespace) == Counter(
        {("patch", "modelpromotions/status"): 2, ("create", "events"): 1}
    )


def test_an_external_server_costs_one_status_write_and_one_event(
    team: Team, operator: OperatorProcess, audit: AuditLog, registry: Registry
) -> None:
    """Nothing is deployed, so there is nothing to report but the result."""
    mark = audit.mark()
    team.external_server(registry.url)
    team.announced("mlflow", "Ready")
    assert audit.writes(mark, USER, team.namespace) == Counter(
        {("patch", "mlflowservers/status"): 1, ("create", "events"): 1}
    )


def test_an_annotation_that_changes_nothing_costs_nothing(served: Team, audit: AuditLog, model: str) -> None:
    """A label or annotation of somebody else's is looked at and answered with silence."""
    served.promote("fraud", model, 7)
    served.ready("modelpromotion", "fraud")
    served.announced("fraud", "Promoted")
    mark = audit.mark()
    for kind, name in (("modelpromotion", "fraud"), ("mlflowserver", "mlflow")):
        served.plane.kubectl("annotate", kind, name, "-n", served.namespace, "somebody.else/was-here=yes")
    time.sleep(3)
    assert audit.writes(mark, USER, served.namespace) == Counter()


def test_a_quiet_minute_with_fifty_of_each_costs_no_write(
    team: Team, operator: OperatorProcess, audit: AuditLog, registry: Registry, model: str
) -> None:
    """The registries are polled and the servers probed all the time; the API server hears nothing of it."""
    claim = {"model": model, "version": 7}
    objects = [
        obj
        for n in range(FIFTY)
        for obj in (
            team.object("MLflowServer", f"mlflow-{n}", {"external": {"url": registry.url}}),
            team.object(
                "ModelPromotion",
                f"fraud-{n}",
                {**claim, "serverRef": {"name": f"mlflow-{n}"}, "target": {"alias": f"slot-{n}"}},
            ),
        )
    ]
    team.apply_all(objects)
    team.all_ready("mlflowserver", FIFTY)
    team.all_ready("modelpromotion", FIFTY)
    time.sleep(3)  # the last Events are on their way
    mark = audit.mark()
    time.sleep(QUIET_SECONDS)
    assert audit.writes(mark, USER, team.namespace) == Counter()
