"""Artifact stores that MLflow can use in their own ways, and what the preparation and the running look make of them."""

import json
import socket
import socketserver
import ssl
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cluster.plane.certificates import Authority
from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.postgres import PASSWORD, Postgres
from integration.server.test_server_process import Start, start
from integration.stores.test_prepare import backend, database, prepare, python, with_bucket, with_sqlite, with_volume
from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.mlflow.registry import Access, Mlflow
from mlflow_operator.reconcile.servers.artifacts import look
from unit.reconcile.servers.test_artifacts import world

__all__ = ["backend", "database", "start"]

pytestmark = pytest.mark.integration

NO_DELETION = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation"],
            "Resource": ["arn:aws:s3:::*"],
        }
    ],
}


def boto(minio: Minio, code: str) -> Any:
    """What some code with an S3 client prints as JSON."""
    text = f"import boto3, json\ns3, sts = (boto3.client(name, endpoint_url={minio.url!r}) for name in ('s3', 'sts'))\n"
    done = subprocess.run(
        [python(), "-c", text + code], env=minio.client_env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


@pytest.fixture
def bucket(minio: Minio) -> str:
    """A new bucket."""
    name = f"b{uuid.uuid4().hex[:20]}"
    minio.create_bucket(name)
    return name


@pytest.fixture
def versioned(minio: Minio, bucket: str) -> str:
    """A bucket that keeps every version."""
    boto(minio, f"s3.put_bucket_versioning(Bucket={bucket!r}, VersioningConfiguration={{'Status': 'Enabled'}})")
    return bucket


def kept(minio: Minio, bucket: str) -> int:
    """How many versions and markers of deletions there are in a bucket."""
    found = boto(minio, f"print(json.dumps(s3.list_object_versions(Bucket={bucket!r}), default=str))")
    return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))


class _Relay(socketserver.BaseRequestHandler):
    """A connection that is passed on, or closed at once where there is nobody to pass it on to."""

    def handle(self) -> None:
        target = self.server.target  # type: ignore[attr-defined]
        if target is None:
            return
        with socket.create_connection(("127.0.0.1", target)) as there:
            threading.Thread(target=_copy, args=(there, self.request), daemon=True).start()
            _copy(self.request, there)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


class _Door(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    target: int | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is no news."""


@contextmanager
def door(target: int | None, tls: Path | None = None) -> Iterator[str]:
    """A way to a port of this machine, by TLS with the authority in a folder; its URL."""
    server = _Door(("127.0.0.1", 0), _Relay)
    server.target = target
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "door.crt", tls / "door.key")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("env", "code", "reason"),
    [
        ({}, 1, "StoreUnreachable"),
        ({"MLFLOW_S3_IGNORE_TLS": "true"}, 0, "Writable"),
        ({"AWS_CA_BUNDLE": "ca.crt"}, 0, "Writable"),
    ],
)
def test_a_certificate_of_an_own_authority_is_trusted_as_mlflow_does(
    env: dict[str, str], code: int, reason: str, minio: Minio, tmp_path: Path
) -> None:
    """By the variables of MLflow and boto; without them the cause is told."""
    authority = Authority(tmp_path)
    authority.create()
    authority.issue("door", "/CN=door", "DNS:localhost,IP:127.0.0.1")
    with door(minio.port, tmp_path) as url:
        spec = with_bucket({"sqlite": {}}, minio, "mlflow", endpoint=url)
        values = {name: str(tmp_path / value) if value.endswith("crt") else value for name, value in env.items()}
        spec["env"] = [*with_sqlite(tmp_path)["env"][1:], *({"name": n, "value": v} for n, v in values.items())]
        result = prepare(spec, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (code, reason), result.artifacts
    assert ("CERTIFICATE_VERIFY_FAILED" in result.artifacts["message"]) == (code == 1)


def test_a_store_that_closes_the_connection_is_waited_for(minio: Minio, tmp_path: Path) -> None:
    """As a proxy does whose store is not there yet."""
    with door(None) as url:
        spec = with_bucket({"sqlite": {}}, minio, "mlflow", endpoint=url) | {"env": with_sqlite(tmp_path)["env"][1:]}
        result = prepare(spec, tmp_path, patience=8)
    assert (result.code, result.artifacts["reason"]) == (1, "StoreUnreachable"), result.artifacts
    assert "closed" in result.artifacts["message"]
    assert "waiting: " in result.log


@pytest.mark.parametrize("key", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_line_end_behind_a_key_of_the_store_is_named(key: str, minio: Minio, tmp_path: Path) -> None:
    """As `echo key | base64` has put it into many a Secret."""
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    spec = with_bucket({"sqlite": {}}, minio, "mlflow") | {"env": with_sqlite(tmp_path)["env"][1:]}
    result = prepare(spec, tmp_path, secrets={"keys": {**keys, key: keys[key] + "\n"}})
    assert (result.code, result.artifacts["reason"]) == (3, "CredentialHasLineEnd"), result.artifacts
    assert SECRET_KEY not in result.document + result.log


def test_a_line_end_behind_a_password_or_a_uri_is_named(
    backend: dict[str, Any], postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """The same for the database."""
    login = {"login": {"username": "mlflow", "password": PASSWORD + "\n"}}
    by_password = prepare(with_volume(backend, tmp_path), tmp_path, secrets=login)
    assert (by_password.code, by_password.database["reason"]) == (3, "CredentialHasLineEnd"), by_password
    spec = with_volume({"uriSecretRef": {"name": "uri", "key": "uri"}}, tmp_path)
    by_uri = prepare(spec, tmp_path, secrets={"uri": {"uri": postgres.uri(database) + "\n"}})
    assert (by_uri.code, by_uri.database["reason"]) == (3, "CredentialHasLineEnd"), by_uri
    assert PASSWORD not in by_uri.document + by_uri.log + by_password.document + by_password.log


@pytest.mark.parametrize(
    ("verify", "found"), [("Write", ("Writable", 2)), ("Read", ("Readable", 0)), ("None", ("NotTried", 0))]
)
def test_a_versioned_bucket_is_tried_as_wished(
    verify: str, found: tuple[str, int], minio: Minio, versioned: str, tmp_path: Path
) -> None:
    """Writing leaves a version and its marker, once; reading and nothing leave nothing."""
    spec = with_bucket({"sqlite": {}}, minio, versioned) | {"env": with_sqlite(tmp_path)["env"][1:]}
    spec["artifactStore"]["verify"] = verify
    result = prepare(spec, tmp_path)
    assert result.code == 0, result
    assert (result.artifacts["reason"], kept(minio, versioned)) == found, result.artifacts


def test_a_key_without_the_right_to_delete_is_enough(minio: Minio, bucket: str, tmp_path: Path) -> None:
    """MLflow needs none; the message tells what stays."""
    role = f"RoleArn='arn:aws:iam::1:role/any', RoleSessionName='team', Policy={json.dumps(NO_DELETION)!r}"
    key = boto(minio, f"print(json.dumps(sts.assume_role({role})['Credentials'], default=str))")
    spec = with_bucket({"sqlite": {}}, minio, bucket)
    token = {"name": "AWS_SESSION_TOKEN", "value": key["SessionToken"]}
    spec["env"] = [*with_sqlite(tmp_path)["env"][1:], token]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    result = prepare(spec, tmp_path, secrets={"keys": keys})
    assert (result.code, result.artifacts["reason"]) == (0, "Writable"), result.artifacts
    assert "could not be deleted" in result.artifacts["message"]
    assert result.artifacts["warning"]
    assert len(minio.objects(bucket)) == 1


def test_what_mlflow_sends_with_each_upload_is_sent_by_the_preparation_too(
    minio: Minio, versioned: str, tmp_path: Path
) -> None:
    """A bucket may take nothing without it, such as a key for its encryption."""
    extra = {"name": "MLFLOW_S3_UPLOAD_EXTRA_ARGS", "value": json.dumps({"Metadata": {"team": "fraud"}})}
    spec = with_bucket({"sqlite": {}}, minio, versioned) | {"env": [*with_sqlite(tmp_path)["env"][1:], extra]}
    result = prepare(spec, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (0, "Writable"), result.artifacts
    code = (
        f"v = s3.list_object_versions(Bucket={versioned!r})['Versions'][0]\n"
        f"h = s3.head_object(Bucket={versioned!r}, Key=v['Key'], VersionId=v['VersionId'])\n"
        "print(json.dumps(h['Metadata']))"
    )
    assert boto(minio, code) == {"team": "fraud"}


def test_a_bucket_that_is_written_once_is_good(minio: Minio, tmp_path: Path) -> None:
    """Objects that nobody may delete for a day: what the preparation writes has a name that nobody has."""
    name = f"l{uuid.uuid4().hex[:20]}"
    rule = "{'ObjectLockEnabled': 'Enabled', 'Rule': {'DefaultRetention': {'Mode': 'COMPLIANCE', 'Days': 1}}}"
    code = f"s3.create_bucket(Bucket={name!r}, ObjectLockEnabledForBucket=True)\n"
    boto(minio, code + f"s3.put_object_lock_configuration(Bucket={name!r}, ObjectLockConfiguration={rule})")
    spec = with_bucket({"sqlite": {}}, minio, name) | {"env": with_sqlite(tmp_path)["env"][1:]}
    for _ in range(2):
        result = prepare(spec, tmp_path)
        assert (result.code, result.artifacts["reason"]) == (0, "Writable"), result.artifacts


def test_credentials_that_nobody_names_may_come_with_the_next_pod(minio: Minio, tmp_path: Path) -> None:
    """What gives pods their identity may have been slower than the pod."""
    spec = with_bucket({"sqlite": {}}, minio, "mlflow")
    del spec["artifactStore"]["s3"]["credentialsSecretRef"]
    nowhere = [{"name": "AWS_EC2_METADATA_DISABLED", "value": "true"}]
    spec["env"] = [*with_sqlite(tmp_path)["env"][1:], *nowhere]
    result = prepare(spec, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (1, "CredentialsMissing"), result.artifacts


async def test_looking_after_a_versioned_bucket_leaves_nothing_in_it(
    start: Start, minio: Minio, versioned: str
) -> None:
    """Through a real MLflow: the first look writes, and five more leave no version."""
    store = {"s3": {"bucket": versioned, "endpoint": minio.url, "credentialsSecretRef": {"name": "keys"}}}
    running = start(artifactStore=store)
    here, spec = world(), {"backendStore": {"sqlite": {}}, "artifactStore": store}
    me = MLflowServer.parse({"metadata": {"name": "ml", "namespace": "team", "uid": "u"}, "spec": spec})
    async with Mlflow() as mlflow:
        registry = mlflow.at(Access(f"http://127.0.0.1:{running.port}"))
        looks = [(await look(here, me, registry), kept(minio, versioned)) for _ in range(6)]
    assert [bool(probe and probe.ok) for probe, _ in looks] == [True] * 6
    assert [left for _, left in looks] == [2] * 6
