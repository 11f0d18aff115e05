from typing import Any

import pytest

from mlflow_operator import desired
from unit.desired.servers import EXISTING, MANAGED, SQLITE, inputs, only, prepared, server, variables

S3 = {"bucket": "artifacts"}
POSTGRES = EXISTING["backendStore"]["postgres"]


def of_server(spec: dict[str, Any]) -> dict[str, Any]:
    """The variables of the server's container."""
    return variables(only(prepared(server(spec)), "Deployment"))


def of_preparation(spec: dict[str, Any]) -> dict[str, Any]:
    """The variables of the preparation."""
    wanted = server(spec)
    return variables(only(desired.build(wanted, inputs(wanted)), "Job"))


@pytest.mark.parametrize(
    ("fields", "uri"),
    [
        ({}, "postgresql+psycopg2://db.example.com:5432/mlflow"),
        ({"port": 6432, "sslMode": "verify-full"}, "postgresql+psycopg2://db.example.com:6432/mlflow?sslmode=verify-full"),
        ({"database": "a/b c"}, "postgresql+psycopg2://db.example.com:5432/?dbname=a%2Fb%20c"),
        ({"database": "$(HOME)"}, "postgresql+psycopg2://db.example.com:5432/?dbname=%24%28HOME%29"),
    ],
    ids=str,
)  # fmt: skip
def test_the_uri_of_postgres_has_a_driver_and_no_credentials(fields: dict[str, Any], uri: str) -> None:
    """User and password come from the Secret, in variables of libpq."""
    found = of_server(EXISTING | {"backendStore": {"postgres": POSTGRES | fields}})
    assert found["MLFLOW_BACKEND_STORE_URI"] == uri
    assert (found["PGUSER"], found["PGPASSWORD"]) == ("db/username", "db/password")


def test_other_backends() -> None:
    """A URI comes from its Secret as a whole; SQLite is a file on the volume."""
    secret = {"uriSecretRef": {"name": "s", "key": "uri"}}
    assert of_server(EXISTING | {"backendStore": secret})["MLFLOW_BACKEND_STORE_URI"] == "s/uri"
    assert of_server(SQLITE)["MLFLOW_BACKEND_STORE_URI"] == "sqlite:////var/lib/mlflow/database/mlflow.db"
    managed = of_server(MANAGED)
    assert managed["MLFLOW_BACKEND_STORE_URI"] == (
        "postgresql+psycopg2://mlflow-postgres.team.svc:5432/mlflow?sslmode=disable"
    )
    assert managed["PGPASSWORD"] == "mlflow-postgres/password"


def test_the_pool_is_passed_on() -> None:
    """Only what is set."""
    pool = {"size": 3, "recycle": 60}
    found = of_server(EXISTING | {"backendStore": {"postgres": POSTGRES | {"pool": pool}}})
    assert {k: v for k, v in found.items() if "SQLALCHEMY" in k} == {
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3",
        "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE": "60",
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"region": "eu-west-1"}, {"AWS_DEFAULT_REGION": "eu-west-1"}),
        ({"pathStyle": False}, {"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "virtual"}),
        ({"pathStyle": True}, {"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"}),
        (
            {"endpoint": "http://s3:9000"},
            {
                "MLFLOW_S3_ENDPOINT_URL": "http://s3:9000",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
                "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
                "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path",
            },
        ),
        (
            {"credentialsSecretRef": {"name": "k", "accessKeyIdKey": "id", "secretAccessKeyKey": "secret"}},
            {"AWS_ACCESS_KEY_ID": "k/id", "AWS_SECRET_ACCESS_KEY": "k/secret"},
        ),
    ],
    ids=str,
)
def test_how_a_bucket_is_reached(fields: dict[str, Any], expected: dict[str, str]) -> None:
    """The server and its preparation reach it in the same way."""
    spec = EXISTING | {"artifactStore": {"s3": S3 | fields}}
    for found in (of_server(spec), of_preparation(spec)):
        assert {k: v for k, v in found.items() if k.startswith(("AWS_", "MLFLOW_S3", "MLFLOW_BOTO"))} == expected


@pytest.mark.parametrize(
    ("store", "serve", "variable", "value"),
    [
        ({"s3": S3}, True, "MLFLOW_ARTIFACTS_DESTINATION", "s3://artifacts"),
        ({"s3": S3 | {"prefix": "a/$b"}}, True, "MLFLOW_ARTIFACTS_DESTINATION", "s3://artifacts/a/$$b"),
        ({"s3": S3}, False, "MLFLOW_DEFAULT_ARTIFACT_ROOT", "s3://artifacts"),
        ({"managed": {}}, True, "MLFLOW_ARTIFACTS_DESTINATION", "s3://mlflow"),
        ({"persistentVolume": {}}, True, "MLFLOW_ARTIFACTS_DESTINATION", "/var/lib/mlflow/artifacts"),
    ],
    ids=str,
)
def test_where_artifacts_go(store: dict[str, Any], serve: bool, variable: str, value: str) -> None:
    """Through the server, or by its clients themselves."""
    found = of_server(EXISTING | {"artifactStore": store, "serveArtifacts": serve})
    assert found["MLFLOW_SERVE_ARTIFACTS"] == str(serve).lower()
    places = ("MLFLOW_ARTIFACTS_DESTINATION", "MLFLOW_DEFAULT_ARTIFACT_ROOT")
    assert {k: v for k, v in found.items() if k in places} == {variable: value}
    assert of_preparation(EXISTING | {"artifactStore": store})["MLFLOW_ARTIFACTS_DESTINATION"] == value


def test_a_volume_of_one_pod_is_left_to_the_server() -> None:
    """The preparation neither mounts it nor claims to have tried it."""
    spec = EXISTING | {"artifactStore": {"persistentVolume": {"accessMode": "ReadWriteOncePod"}}}
    assert "MLFLOW_ARTIFACTS_DESTINATION" not in of_preparation(spec)


def test_only_a_bucket_that_may_be_created_is() -> None:
    """The managed one always, a user's when asked."""
    for store, expected in (
        ({"s3": S3}, None),
        ({"s3": S3 | {"createBucket": True}}, "true"),
        ({"managed": {}}, "true"),
    ):
        assert of_preparation(EXISTING | {"artifactStore": store}).get("PREPARE_CREATE_BUCKET") == expected


@pytest.mark.parametrize("verify", ["Read", "None"])
def test_the_preparation_does_no_more_than_is_wished(verify: str) -> None:
    """Whoever wants nothing written is obeyed before the server runs, too."""
    store = {"artifactStore": {"s3": S3, "verify": verify}}
    assert of_preparation(EXISTING | store)["PREPARE_VERIFY"] == verify


def test_the_users_variables_win_and_are_there_once() -> None:
    """They come last, so they may use the operator's; a value of theirs is expanded as in any pod."""
    env = [{"name": "MLFLOW_WORKERS", "value": "9"}, {"name": "NOTE", "value": "$(POD_IP)"}]
    deployment = only(prepared(server(EXISTING | {"env": env})), "Deployment")
    names = [v["name"] for v in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert names[-2:] == ["MLFLOW_WORKERS", "NOTE"]
    assert len(names) == len(set(names))
    assert variables(deployment)["NOTE"] == "$(POD_IP)"


def test_what_nobody_asked_for_is_off() -> None:
    """Telemetry and the job queue."""
    found = of_server(EXISTING)
    assert found["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert found["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_references_name_every_secret_with_the_keys_that_it_needs() -> None:
    """One per object; optional ones and the operator's own may be absent, unless another needs the same object."""
    env = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "more"}}},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
        {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
        {"name": "D", "valueFrom": {"secretKeyRef": {"name": "db", "key": "extra", "optional": True}}},
    ]
    spec = EXISTING | {"env": env, "envFrom": [{"prefix": "X_", "secretRef": {"name": "all"}}, {"configMapRef": "?"}]}
    assert desired.references(server(spec)) == {
        desired.Reference("Secret", "db", frozenset({"username", "password", "more"}), others=frozenset({"extra"})),
        desired.Reference("Secret", "keys", frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})),
        desired.Reference("ConfigMap", "c", optional=True, others=frozenset({"k"})),
        desired.Reference("Secret", "all", whole=True),
    }
    assert {(r.name, r.optional) for r in desired.references(server(MANAGED))} == {
        ("mlflow-postgres", True),
        ("mlflow-object-store", True),
    }


@pytest.mark.parametrize(
    ("reference", "read"),
    [
        (desired.Reference("Secret", "a", frozenset({"uri"})), {"uri": "eA=="}),
        (desired.Reference("Secret", "a", frozenset({"uri"}), others=frozenset({"file", "absent"})), {"uri", "file"}),
        (desired.Reference("Secret", "a", whole=True), {"uri", "more", "file"}),
        (desired.Reference("Secret", "a"), {}),
    ],
    ids=["one key", "optional keys", "everything", "nothing"],
)
def test_only_what_is_referred_to_is_read(reference: desired.Reference, read: Any) -> None:
    """So a key that nobody refers to neither prepares nor rolls anything."""
    obj = {"data": {"uri": "eA==", "more": "eQ=="}, "binaryData": {"file": "eg=="}}
    assert reference.read_of(obj).keys() == set(read)
