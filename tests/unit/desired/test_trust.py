"""The authorities of the stores: where the pods find them, and what happens when they change."""

from typing import Any

import pytest

from mlflow_operator import desired
from unit.desired.servers import EXISTING, container, inputs, only, prepared, server, variables

IN_CONFIG_MAP = {"configMapKeyRef": {"name": "corporate", "key": "root.pem"}}
IN_SECRET = {"secretKeyRef": {"name": "corporate", "key": "root.pem"}}
POSTGRES: dict[str, Any] = EXISTING["backendStore"]["postgres"] | {"sslMode": "verify-full"}
S3: dict[str, Any] = EXISTING["artifactStore"]["s3"]


def spec(bundle: Any, *, database: bool = True, store: bool = True) -> dict[str, Any]:
    """Stores that exist, with a bundle for one of them or for both."""
    more = {"caBundle": bundle}
    return {
        "backendStore": {"postgres": POSTGRES | (more if database else {})},
        "artifactStore": {"s3": S3 | (more if store else {})},
    }


@pytest.mark.parametrize(("bundle", "kind"), [(IN_CONFIG_MAP, "configMap"), (IN_SECRET, "secret")])
@pytest.mark.parametrize("variable", ["PGSSLROOTCERT", "AWS_CA_BUNDLE"])
def test_the_server_and_its_preparation_find_the_authorities_where_they_look(
    bundle: Any, kind: str, variable: str
) -> None:
    """The variable of libpq, or of boto, names a file that is mounted there from the bundle's key."""
    wanted = server(spec(bundle))
    for obj in (only(prepared(wanted), "Deployment"), only(desired.build(wanted, inputs(wanted)), "Job")):
        folder, _, file = variables(obj)[variable].rpartition("/")
        (mount,) = (m for m in container(obj)["volumeMounts"] if m["mountPath"] == folder)
        (volume,) = (v for v in obj["spec"]["template"]["spec"]["volumes"] if v["name"] == mount["name"])
        assert volume[kind]["items"] == [{"key": "root.pem", "path": file}]
        assert "corporate" in volume[kind].values()
        assert mount["readOnly"]


@pytest.mark.parametrize("variable", ["PGSSLROOTCERT", "MLFLOW_MYSQL_SSL_CA"])
def test_a_database_of_a_uri_has_them_too(variable: str) -> None:
    """Whichever it is: the URI is in a Secret, and nobody looks."""
    uri = {"name": "uri", "key": "uri"}
    folder = "/etc/mlflow/database-authorities"
    for bundle, file in (({"caBundle": IN_SECRET}, f"{folder}/ca.crt"), ({}, None)):
        wanted = server(EXISTING | {"backendStore": {"uriSecretRef": uri | bundle}})
        for obj in (only(prepared(wanted), "Deployment"), only(desired.build(wanted, inputs(wanted)), "Job")):
            assert variables(obj).get(variable) == file
            assert [m["mountPath"] for m in container(obj)["volumeMounts"]].count(folder) == (file is not None)


def test_only_the_preparation_looks_whether_the_uri_asks_for_certificates() -> None:
    """Where there is a bundle that would be for nothing otherwise."""
    uri = {"name": "uri", "key": "uri"}
    for bundle, said in (({"caBundle": IN_SECRET}, "true"), ({}, None)):
        wanted = server(EXISTING | {"backendStore": {"uriSecretRef": uri | bundle}})
        assert variables(only(desired.build(wanted, inputs(wanted)), "Job")).get("PREPARE_CA_BUNDLE") == said
        assert "PREPARE_CA_BUNDLE" not in variables(only(prepared(wanted), "Deployment"))


def test_each_store_has_its_own() -> None:
    """Without a bundle the database trusts the public ones, and boto its own."""
    only_database = variables(only(prepared(server(spec(IN_SECRET, store=False))), "Deployment"))
    only_store = variables(only(prepared(server(spec(IN_SECRET, database=False))), "Deployment"))
    assert "AWS_CA_BUNDLE" not in only_database
    assert only_store["PGSSLROOTCERT"] == "/etc/ssl/certs/ca-certificates.crt"


def test_other_authorities_are_tried_before_pods_rely_on_them() -> None:
    """As another password is: by a new preparation."""
    wanted = server(spec(IN_CONFIG_MAP))
    before = inputs(wanted, prepared=frozenset({str(prepared(wanted).stores)}))
    changed = dict(before.digests) | {("ConfigMap", "corporate"): "renewed"}
    built = desired.build(wanted, desired.Inputs(before.images, digests=changed, prepared=before.prepared))
    assert {obj["kind"] for obj in built.objects} & {"Job", "Deployment"} == {"Job"}


def test_nothing_begins_without_the_authorities() -> None:
    """A pod could not mount them; the operator waits, and says for what."""
    wanted = server(spec(IN_CONFIG_MAP))
    lacking = {key: text for key, text in inputs(wanted).digests.items() if key[0] != "ConfigMap"}
    built = desired.build(wanted, desired.Inputs(inputs(wanted).images, digests=lacking))
    assert "Job" not in {obj["kind"] for obj in built.objects}
    assert desired.Reference("ConfigMap", "corporate", frozenset({"root.pem"})) in desired.references(wanted)
