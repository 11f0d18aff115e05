"""What exists, and when."""

from typing import Any

import pytest

from mlflow_operator import desired
from mlflow_operator.desired import names
from mlflow_operator.errors import Terminal
from unit.desired import servers
from unit.desired.servers import EXISTING, IMAGES, MANAGED, SQLITE, inputs, keys, only, prepared, server

TWO_NODES = {"persistentVolume": {"accessMode": "ReadWriteMany"}}
DIGEST = f"sha256:{64 * '0'}"
DATA_KINDS = {"PersistentVolumeClaim", "Secret"}


def test_nothing_of_an_external_server_is_deployed() -> None:
    """Neither objects nor held ones; its credentials are watched all the same."""
    wanted = server({"external": {"url": "http://elsewhere", "credentialsSecretRef": {"name": "login"}}})
    assert desired.build(wanted, inputs(wanted)) == desired.Desired()
    assert {r.key for r in desired.references(wanted)} == {("Secret", "login")}


def test_the_preparation_comes_before_the_deployment() -> None:
    """Until the Job has succeeded, the Deployment is neither applied nor pruned."""
    wanted = server(EXISTING)
    first = desired.build(wanted, inputs(wanted))
    assert not first.prepared
    assert ("Job", first.preparation) in keys(first)
    assert ("Deployment", "mlflow") in first.held
    second = prepared(wanted)
    assert second.prepared
    assert ("Deployment", "mlflow") in keys(second)
    assert second.held == {("Job", first.preparation)}


def test_generated_credentials_come_before_what_uses_them_and_are_never_touched_again() -> None:
    """The first pass makes the Secrets; the Job waits until they have been seen."""
    wanted = server(MANAGED)
    drawn = {"mlflow-postgres": "one", "mlflow-object-store": "two"}
    first = desired.build(wanted, desired.Inputs(IMAGES, generated=drawn))
    assert [key for key in keys(first) if key[0] == "Secret"] == [("Secret", name) for name in drawn]
    assert ("Job", first.preparation) in first.held
    there = frozenset(("Secret", name) for name in drawn)
    digests = dict.fromkeys(there, "d")
    second = desired.build(wanted, desired.Inputs(IMAGES, digests=digests, existing=there))
    assert there < second.held
    assert ("Job", second.preparation) in keys(second)


def test_a_missing_secret_of_the_user_starts_nothing() -> None:
    """Without its credentials a server is neither prepared nor rolled out."""
    waiting = desired.build(server(EXISTING), desired.Inputs(IMAGES))
    assert waiting.held == {("Job", waiting.preparation), ("Deployment", "mlflow")}


def test_what_comes_after_the_preparation_can_be_tried_before_it() -> None:
    """The Deployment that an inadmissible spec would fail with is known before the database is touched."""
    wanted = server(EXISTING)
    (deployment,) = desired.build(wanted, inputs(wanted)).later
    assert deployment == only(prepared(wanted), "Deployment")
    assert prepared(wanted).later == ()


def test_a_preparation_that_succeeded_needs_no_job_any_more() -> None:
    """Somebody who cleans up costs nothing: no new Job, and the Deployment stays wanted."""
    wanted = server(EXISTING)
    stores = desired.build(wanted, inputs(wanted)).stores
    assert stores
    again = desired.build(wanted, inputs(wanted, prepared=frozenset({stores})))
    assert [kind for kind, _ in keys(again) if kind in ("Job", "Deployment")] == ["Deployment"]


def built(spec: dict[str, Any], **changes: Any) -> desired.Desired:
    """What a spec with these changes needs at first."""
    wanted = server(spec | changes)
    return desired.build(wanted, inputs(wanted))


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 5},
        {"workers": 7},
        {"resources": {"requests": {"cpu": "1"}}},
        {"podLabels": {"a": "b"}},
        {"nodeSelector": {"a": "b"}},
        {"network": {"allowedHosts": ["x"], "staticPrefix": "/x"}},
        {"service": {"port": 80}},
        {"tolerations": [{"operator": "Exists"}]},
        {"priorityClassName": "high"},
        {"image": {"pullSecrets": [{"name": "x"}], "pullPolicy": "Always"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_stores_do_not_notice_needs_no_new_preparation(change: dict[str, Any]) -> None:
    """A success of before counts, so the Deployment moves at once."""
    assert built(EXISTING, **change).stores == built(EXISTING).stores


@pytest.mark.parametrize(
    "change",
    [
        {"resources": {"requests": {"cpu": "1"}}},
        {"nodeSelector": {"a": "b"}},
        {"tolerations": [{"operator": "Exists"}]},
        {"priorityClassName": "high"},
        {"image": {"pullSecrets": [{"name": "x"}]}},
        {"image": {"pullPolicy": "Always"}},
    ],
    ids=str,
)
def test_a_correction_of_the_preparations_pod_makes_another_job(change: dict[str, Any]) -> None:
    """Whatever the pod is made of, so that one which cannot start is replaced."""
    assert built(EXISTING, **change).preparation != built(EXISTING).preparation


@pytest.mark.parametrize(
    "change",
    [
        {"version": "3.16.1"},
        {"image": {"repository": "r", "tag": "t"}},
        {"artifactStore": {"s3": {"bucket": "other", "credentialsSecretRef": {"name": "keys"}}}},
        {"artifactStore": {"managed": {}}},
        {"backendStore": {"managed": {}}},
        {"serviceAccount": {"name": "other"}},
        {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/other"}}},
        {"env": [{"name": "AWS_REGION", "value": "x"}]},
        {"envFrom": [{"secretRef": {"name": "x"}}]},
    ],
    ids=str,
)
def test_another_image_store_or_identity_is_prepared_anew(change: dict[str, Any]) -> None:
    """A success of before does not count for it."""
    assert built(EXISTING, **change).stores != built(EXISTING).stores


def test_rotated_credentials_are_tried_before_they_roll_the_pods() -> None:
    """Another digest means another preparation, and another pod template."""
    wanted = server(EXISTING)
    old, new = ({("Secret", "db"): word, ("Secret", "keys"): "d"} for word in ("old", "new"))
    stores = [desired.build(wanted, desired.Inputs(IMAGES, digests=d)).stores for d in (old, new)]
    assert stores[0] != stores[1]
    done = frozenset(digest for digest in stores if digest)
    moved = [desired.build(wanted, desired.Inputs(IMAGES, digests=d, prepared=done)) for d in (old, new)]
    templates = [only(b, "Deployment")["spec"]["template"]["metadata"]["annotations"] for b in moved]
    assert templates[0] != templates[1]


def test_hibernating_scales_everything_to_zero_and_prepares_nothing() -> None:
    """Also the managed stores; volumes and credentials stay."""
    wanted = server(MANAGED | {"hibernate": True, "replicas": 3})
    asleep = desired.build(wanted, inputs(wanted))
    assert {
        o["metadata"]["name"]: o["spec"]["replicas"] for o in asleep.objects if "replicas" in o.get("spec", {})
    } == {
        "mlflow": 0,
        "mlflow-postgres": 0,
        "mlflow-object-store": 0,
    }
    assert (asleep.preparation, asleep.prepared) == (None, True)
    assert len([o for o in asleep.objects if o["kind"] == "PersistentVolumeClaim"]) == 2


@pytest.mark.parametrize(
    ("spec", "strategy"),
    [
        (EXISTING, "RollingUpdate"),
        (SQLITE, "Recreate"),
        (EXISTING | {"artifactStore": {"persistentVolume": {}}}, "Recreate"),
        (EXISTING | {"artifactStore": TWO_NODES}, "RollingUpdate"),
        ({"backendStore": {"sqlite": {}}, "artifactStore": {"managed": {}}}, "Recreate"),
        (MANAGED, "RollingUpdate"),
    ],
    ids=str,
)
def test_only_pods_that_exclude_each_other_are_recreated(spec: dict[str, Any], strategy: str) -> None:
    """All others roll without a gap."""
    assert only(prepared(server(spec)), "Deployment")["spec"]["strategy"]["type"] == strategy


@pytest.mark.parametrize("spec", [MANAGED, EXISTING, SQLITE], ids=["managed", "existing", "sqlite"])
def test_data_outlive_the_server_and_all_else_goes_with_it(spec: dict[str, Any]) -> None:
    """Claims and generated Secrets have no owner; everything else has the server, and nothing else."""
    wanted = server(spec)
    for obj in [*desired.build(wanted, inputs(wanted)).objects, *prepared(wanted).objects]:
        owners = obj["metadata"].get("ownerReferences", [])
        assert [o["uid"] for o in owners] == ([] if obj["kind"] in DATA_KINDS else ["5ba7"]), obj["kind"]
        assert obj["metadata"]["labels"][names.INSTANCE_LABEL] == "mlflow"
        assert obj["metadata"]["namespace"] == "team"


def test_an_existing_job_is_left_alone() -> None:
    """A Job's template cannot be changed, so later passes hold it."""
    wanted = server(EXISTING)
    job = desired.build(wanted, inputs(wanted)).preparation
    assert job
    again = desired.build(wanted, inputs(wanted, existing=frozenset({("Job", job)})))
    assert ("Job", job) in again.held
    assert ("Job", job) not in keys(again)


def test_a_release_that_the_operator_does_not_run_is_refused() -> None:
    """Nothing is built, so what runs stays."""
    wanted = server(EXISTING | {"version": "2.9.2"})
    with pytest.raises(Terminal, match=r"UnsupportedVersion: spec.version is 2\.9\.2.*2\.10\.0 and later"):
        desired.build(wanted, inputs(wanted))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "mlflow.example/mlflow:v3.17.2"),
        ({"repository": "r/m"}, "r/m:3.17.2"),
        ({"repository": "ghcr.io/mlflow/mlflow"}, "ghcr.io/mlflow/mlflow:v3.17.2-full"),
        ({"repository": "ghcr.io/mlflow/mlflow", "tag": "v3.17.2"}, "ghcr.io/mlflow/mlflow:v3.17.2"),
        ({"repository": "r/m", "tag": "t"}, "r/m:t"),
        ({"repository": "r/m", "tag": "t", "digest": DIGEST}, f"r/m@{DIGEST}"),
    ],
    ids=str,
)
def test_image(image: dict[str, str], expected: str) -> None:
    """The spec's parts win over the operator's default, and the digest over the tag."""
    deployment = only(prepared(server(EXISTING | {"image": image})), "Deployment")
    assert servers.container(deployment)["image"] == expected
