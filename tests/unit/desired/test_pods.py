"""What the spec says of pods, and what is done where it says nothing."""

from typing import Any

import pytest

from mlflow_operator.desired import names
from mlflow_operator.desired.server.programs.start_server import host
from unit.desired.servers import EXISTING, MANAGED, container, everything, only, prepared, server

COMPONENTS = {"mlflow", "mlflow-postgres", "mlflow-object-store", "prepare"}
ANYWHERE = {
    "podLabels": {"team": "fraud"},
    "podAnnotations": {"sidecar.istio.io/inject": "false"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"operator": "Exists"}],
    "priorityClassName": "important",
    "image": {"repository": "r", "pullSecrets": [{"name": "pull"}]},
    "podSecurityContext": {"runAsUser": 1000650000, "seLinuxOptions": {"level": "s0:c26,c5"}},
}


def templates(spec: dict[str, Any], **options: Any) -> dict[str, dict[str, Any]]:
    """The pod templates of a server by the name of their object, the preparation's as `prepare`."""
    found = everything(server(spec), **options)
    pods = {name: obj["spec"]["template"] for (_, name), obj in found.items() if "template" in obj.get("spec", {})}
    return {"prepare" if "-prepare-" in name else name: template for name, template in pods.items()}


def test_what_the_spec_says_of_pods_holds_for_all_of_them() -> None:
    """The server, its preparation and the managed stores: a mesh or a policy is told of each."""
    found = templates(MANAGED | ANYWHERE)
    assert found.keys() == COMPONENTS
    for template in found.values():
        assert template["metadata"]["labels"]["team"] == "fraud"
        assert template["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
        spec = template["spec"]
        assert (spec["nodeSelector"], spec["priorityClassName"]) == ({"disk": "ssd"}, "important")
        assert (spec["tolerations"], spec["imagePullSecrets"]) == ([{"operator": "Exists"}], [{"name": "pull"}])
        assert spec["securityContext"]["runAsUser"] == 1000650000
        assert spec["securityContext"]["seLinuxOptions"] == {"level": "s0:c26,c5"}


def test_a_label_of_the_user_does_not_take_a_pod_out_of_its_service() -> None:
    """The labels that select pods are the operator's."""
    found = templates(MANAGED | {"podLabels": {names.COMPONENT_LABEL: "mine", names.INSTANCE_LABEL: "mine"}})
    labels = [template["metadata"]["labels"] for template in found.values()]
    assert {own[names.COMPONENT_LABEL] for own in labels} == {"server", "prepare", "postgres", "object-store"}
    assert {own[names.INSTANCE_LABEL] for own in labels} == {"mlflow"}


def test_user_ids_can_be_left_to_the_platform() -> None:
    """No pod names a user or a group then, and each still refuses to be root."""
    for template in templates(MANAGED, user_ids="Platform").values():
        assert template["spec"]["securityContext"] == {
            "runAsNonRoot": True,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_by_default_the_user_is_the_one_that_the_image_likes() -> None:
    """PostgreSQL has one of its own; volumes belong to the group of the process."""
    found = {name: template["spec"]["securityContext"] for name, template in templates(MANAGED).items()}
    users = {name: (c["runAsUser"], c["runAsGroup"], c["fsGroup"]) for name, c in found.items()}
    nobody = (65532, 65532, 65532)
    assert users == dict.fromkeys(COMPONENTS, nobody) | {"mlflow-postgres": (999, 999, 999)}


def test_the_spec_wins_over_the_platform() -> None:
    """A user who names an id on such a platform gets it."""
    found = templates(MANAGED | {"podSecurityContext": {"runAsUser": 5}}, user_ids="Platform")
    assert {template["spec"]["securityContext"]["runAsUser"] for template in found.values()} == {5}


@pytest.mark.parametrize(
    ("spec", "resources"),
    [
        ({}, {"requests": {"cpu": "100m", "memory": "768Mi"}}),
        ({"workers": 4}, {"requests": {"cpu": "100m", "memory": "1280Mi"}}),
        ({"resources": {"requests": {"memory": "2Gi"}}}, {"requests": {"cpu": "100m", "memory": "2Gi"}}),
        ({"resources": {"limits": {"memory": "512Mi"}}}, {"requests": {"cpu": "100m"}, "limits": {"memory": "512Mi"}}),
        ({"resources": {"limits": {"memory": "1Gi", "cpu": "50m"}}}, {"limits": {"memory": "1Gi", "cpu": "50m"}}),
    ],
    ids=str,
)
def test_a_server_asks_for_what_it_needs(spec: dict[str, Any], resources: dict[str, Any]) -> None:
    """Memory by the number of workers; never more than a limit of the user's."""
    assert container(only(prepared(server(EXISTING | spec)), "Deployment"))["resources"] == resources


def test_managed_stores_take_limits() -> None:
    """A quota on limits lets them in; requests that the user does not mention stay."""
    sized = {"managed": {"resources": {"limits": {"memory": "1Gi"}, "requests": {"ephemeral-storage": "1Gi"}}}}
    found = templates({"backendStore": sized, "artifactStore": sized})
    for name in ("mlflow-postgres", "mlflow-object-store"):
        (one,) = found[name]["spec"]["containers"]
        assert one["resources"] == {
            "limits": {"memory": "1Gi"},
            "requests": {"cpu": "50m", "ephemeral-storage": "1Gi"},
        }
    (plain,) = templates(MANAGED)["mlflow-postgres"]["spec"]["containers"]
    assert plain["resources"] == {"requests": {"cpu": "50m", "memory": "128Mi"}}


def test_no_pod_can_fill_its_node() -> None:
    """What is written to /tmp has a bound: the server's is large, and the user's to choose."""

    def limits(spec: dict[str, Any]) -> dict[str, str]:
        return {name: t["spec"]["volumes"][0]["emptyDir"]["sizeLimit"] for name, t in templates(spec).items()}

    assert limits(MANAGED) == dict.fromkeys(COMPONENTS, "1Gi") | {"mlflow": "20Gi"}
    assert limits(MANAGED | {"temporaryStorage": {"sizeLimit": "100Gi"}})["mlflow"] == "100Gi"


def test_a_corrected_store_replaces_a_pod_that_never_became_ready() -> None:
    """In the order that is the default the broken pod would have to be deleted by hand."""
    found = everything(server(MANAGED))
    sets = [obj["spec"] for (kind, _), obj in found.items() if kind == "StatefulSet"]
    assert [spec["podManagementPolicy"] for spec in sets] == ["Parallel", "Parallel"]


def test_another_identity_rolls_the_pods_that_have_it() -> None:
    """A webhook reads the annotations of the ServiceAccount when a pod is made; stores have no identity."""

    def told(role: str) -> dict[str, str | None]:
        spec = MANAGED | {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": role}}}
        found = templates(spec)
        return {n: t["metadata"].get("annotations", {}).get(names.IDENTITY_ANNOTATION) for n, t in found.items()}

    one, other = told("arn:one"), told("arn:other")
    assert {name for name in COMPONENTS if one[name] != other[name]} == {"mlflow", "prepare"}
    assert {name for name in COMPONENTS if one[name] is None} == {"mlflow-postgres", "mlflow-object-store"}


@pytest.mark.parametrize(
    ("addresses", "workers", "expected"),
    [
        ("10.0.0.1", "2", "0.0.0.0"),  # noqa: S104 - what is listened on is what is tested
        ("", "1", "0.0.0.0"),  # noqa: S104
        ("fd00::1", "2", "::"),
        ("10.0.0.1,fd00::1", "4", "::"),
        ("10.0.0.1,fd00::1", "1", ""),
        ("fd00::1", "1", ""),
    ],
)
def test_a_server_listens_where_its_pod_has_addresses(addresses: str, workers: str, expected: str) -> None:
    """On IPv6 too where there is any; with one worker by no name, since :: would leave IPv4 out."""
    assert host(addresses, workers) == expected
