"""Which claim governs a slot, and what a claim says has become of a wish."""

from typing import Any

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.model_registry.promotion import claims
from mlflow_operator.model_registry.promotion.claims import ClaimName
from mlflow_operator.model_registry.results import ModelVersion, Slot

PRODUCTION, CHAMPION = Slot("stage", "Production"), Slot("alias", "champion")


def claim(**spec: Any) -> claims.Object:
    """A claim on Production, unless something else is said."""
    wanted = {"serverRef": {"name": "mlflow"}, "model": "fraud", "target": {"stage": "Production"}, "version": 7}
    metadata = {"namespace": "team", "name": "fraud", "uid": "1", "generation": 3}
    return {"metadata": metadata, "spec": wanted | spec}


def with_status(ready: str, reason: str = "Because", generation: int = 3, **conditions: str) -> claims.Object:
    """A claim with Ready, and other conditions by their status."""
    found = claim()
    common = {"reason": reason, "message": "why", "observedGeneration": generation}
    kinds = {"Ready": ready, **conditions}
    found["status"] = {"conditions": [{"type": kind, "status": status, **common} for kind, status in kinds.items()]}
    return found


def version(number: int, **tags: str) -> ModelVersion:
    """A version with tags of the operator's."""
    named = {f"mlflow.talentflow.ai/{key}": value for key, value in tags.items()}
    return ModelVersion("fraud", number, "None", "READY", "", None, None, "", 0, 0, tags=named)


@pytest.mark.parametrize(
    ("spec", "slot", "governed"),
    [
        ({}, PRODUCTION, True),
        ({}, CHAMPION, False),
        ({"target": {"alias": "champion"}}, CHAMPION, True),
        ({"target": {"alias": "champion"}}, PRODUCTION, False),
        ({"target": {"stage": "Production", "mirrorAlias": "champion"}}, CHAMPION, True),
        ({"target": {"stage": "Staging"}}, PRODUCTION, False),
        ({"model": "other"}, PRODUCTION, False),
        ({"dryRun": True}, PRODUCTION, False),
        ({"suspend": True}, PRODUCTION, True),
    ],
)
def test_a_claim_governs_its_slot_and_its_mirror(spec: dict[str, Any], slot: Slot, governed: bool) -> None:
    """One that only shows a plan governs nothing; one that is suspended does."""
    assert claims.governs(claim(**spec), "fraud", slot) is governed


def test_the_registry_says_who_has_moved_a_slot() -> None:
    """By the tags of any version that was in it; what only looks like a claim is none."""
    versions = [
        version(1, promotion="team/fraud", slot="stage/Production"),
        version(2, promotion="team/champion", slot="alias/champion"),
        version(3, promotion="a/b/c", slot="stage/Production"),
        version(4, promotion="", slot="stage/Production"),
        version(5),
    ]
    assert claims.signed(versions, PRODUCTION) == {ClaimName("team", "fraud")}


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://mlflow.ml.svc.cluster.local:5000", True),
        ("http://mlflow.ml.svc:5000/", True),
        ("http://MLflow.ml:5000", True),
        ("http://mlflow:5000", True),
        ("http://mlflow:5001", False),
        ("https://mlflow.ml:5000", False),
        ("http://mlflow.other:5000", False),
        ("http://mlflow.ml:5000/prefix", False),
        ("http://mlflow.ml.example.com:5000", False),
        ("http://localhost:5000", False),
        ("http://[", False),
    ],
)
def test_a_server_is_known_by_each_name_of_its_service(url: str, same: bool) -> None:
    """As somebody in its namespace writes it."""
    server = {"metadata": {"namespace": "ml"}, "status": {"url": "http://mlflow.ml.svc.cluster.local:5000"}}
    assert claims.is_at(server, url, "ml") is same


def test_an_external_server_is_known_by_its_url() -> None:
    """The port of the scheme may be left out."""
    server = {"metadata": {"namespace": "ml"}, "spec": {"external": {"url": "https://mlflow.example.com"}}}
    assert claims.is_at(server, "https://mlflow.example.com:443/", "team")
    assert not claims.is_at(server, "https://mlflow.example.com/m", "team")


@pytest.mark.parametrize(
    ("ref", "spec", "workspace", "same"),
    [
        ({}, {}, "", True),
        ({}, {}, "default", True),
        ({"workspace": "risk"}, {}, "risk", True),
        ({}, {"external": {"url": "http://mlflow", "workspace": "risk"}}, "risk", True),
        ({}, {"external": {"url": "http://mlflow", "workspace": "risk"}}, "", False),
        ({"workspace": "risk"}, {}, "", False),
        ({}, {}, "risk", False),
    ],
)
def test_a_workspace_is_another_registry(ref: dict[str, str], spec: dict[str, Any], workspace: str, same: bool) -> None:
    """The same name in another workspace is another model."""
    found = claim(serverRef={"name": "mlflow"} | ref)
    server = {"metadata": {"namespace": "team", "name": "mlflow"}, "spec": spec}
    read = MLflowServer.parse(server).spec.external  # the fields are those that users write
    assert (read.workspace if read else None) == spec.get("external", {}).get("workspace")
    assert claims.same_workspace(found, server, workspace) is same


@pytest.mark.parametrize(
    ("found", "done", "final"),
    [
        (with_status("True", "Promoted"), True, False),
        (with_status("True", "Promoted", generation=2), False, False),
        (with_status("False", "TagMissing", Reconciling="True"), False, False),
        (with_status("False", "GateFailed", Stalled="True"), False, True),
        (with_status("False", "GateFailed", generation=2, Stalled="True"), False, False),
        (with_status("False", "ApprovalRequired", Suspended="True"), False, False),
        (with_status("False", "Suspended", Suspended="True"), False, True),
        (claim(), False, False),
    ],
)
def test_a_wish_is_over_when_its_claim_says_so_of_this_generation(
    found: claims.Object, done: bool, final: bool
) -> None:
    """What it said of the version before counts for nothing."""
    stands = claims.outcome(found, 7)
    assert (stands.done, stands.final) == (done, final)


def test_the_reason_is_in_the_claims_own_words() -> None:
    """Reason and message; of a claim that nobody looks at, that."""
    assert claims.outcome(with_status("False", "TagMissing"), 7).text == "TagMissing: why"
    assert "does it run?" in claims.outcome(claim(), 7).text


@pytest.mark.parametrize(
    ("refusal", "manager"),
    [
        ('Apply failed with 1 conflict: conflict with "argocd-controller": .spec.version', "argocd-controller"),
        ('Apply failed with 1 conflict: conflict with "kustomize-controller" using v1: .spec', "kustomize-controller"),
        ('Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using v1: .spec.version', ""),
        ('Apply failed with 2 conflicts: conflicts with "kubectl": .a conflicts with "flux": .b', "flux"),
        ("uid mismatch", ""),
    ],
)
def test_a_field_that_git_keeps_is_known_by_its_manager(refusal: str, manager: str) -> None:
    """People's own tools may be overruled, for they put nothing back."""
    assert claims.kept_by_git(refusal) == manager


def test_a_wish_changes_the_version_of_this_very_claim_alone() -> None:
    """And says who asks, where that is wanted."""
    assert claims.wish(claim(), 8, "")["spec"] == {"version": 8}
    assert claims.wish(claim(), 8, "")["metadata"] == {"name": "fraud", "namespace": "team", "uid": "1"}
    assert claims.wish(claim(), 8, "ann")["metadata"]["annotations"] == {"mlflow.talentflow.ai/requested-by": "ann"}
