"""What a bucket is asked for beside keeping things: encryption, an owner, and the server's rule in its lifecycle."""

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.services.minio import ACCESS_KEY, SECRET_KEY, Minio
from cluster.services.mlflow_server import environment
from integration.stores.test_prepare import Result, prepare, with_bucket, with_sqlite
from integration.stores.test_prepare_stores import boto, bucket, versioned
from mlflow_operator.backup.places import place

__all__ = ["bucket", "versioned"]

pytestmark = pytest.mark.integration

KMS_KEY = "key-of-the-team"
ID_OF_A_B = "mlflow-operator-4c5381cc39653ef3"
"""Of what is below a/b/."""
TIDY = {"expireNoncurrentAfter": "720h"}
THEIRS = [
    {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "c/"}, "Expiration": {"Days": 3}},
    {"ID": "of-old", "Status": "Enabled", "Prefix": "d/", "Expiration": {"Days": 4}},
]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    """A store with key management, of one key."""
    key = base64.b64encode(b"k" * 32).decode()
    store = Minio(tmp_path_factory.mktemp("keyed"), {"MINIO_KMS_SECRET_KEY": f"{KMS_KEY}:{key}"})
    store.start()
    yield store
    store.stop()


@pytest.fixture
def locked(keyed: Minio) -> str:
    """A new bucket of that store, which keeps every version."""
    name = f"k{uuid.uuid4().hex[:20]}"
    keyed.create_bucket(name)
    boto(keyed, f"s3.put_bucket_versioning(Bucket={name!r}, VersioningConfiguration={{'Status': 'Enabled'}})")
    return name


def tried(minio: Minio, bucket: str, folder: Path, **fields: Any) -> Result:
    """The preparation of a server with that bucket."""
    spec = with_bucket({"sqlite": {}}, minio, bucket, **fields)
    return prepare(spec | {"env": with_sqlite(folder)["env"][1:]}, folder)


def rules(minio: Minio, bucket: str) -> dict[str, dict[str, Any]]:
    """The lifecycle of a bucket, by the IDs of its rules."""
    code = f"print(json.dumps(s3.get_bucket_lifecycle_configuration(Bucket={bucket!r})['Rules']))"
    return {rule["ID"]: rule for rule in boto(minio, code)}


def put(minio: Minio, bucket: str, wanted: list[dict[str, Any]]) -> None:
    """Replace the lifecycle of a bucket."""
    lifecycle = f"LifecycleConfiguration={{'Rules': {wanted!r}}}"
    boto(minio, f"s3.put_bucket_lifecycle_configuration(Bucket={bucket!r}, {lifecycle})")


@pytest.mark.parametrize(
    ("encryption", "said"),
    [
        ({"type": "SSE-S3"}, ["AES256", None]),
        ({"type": "SSE-KMS", "kmsKeyId": KMS_KEY}, ["aws:kms", f"arn:aws:kms:{KMS_KEY}"]),
    ],
)
def test_what_is_written_is_encrypted_as_the_spec_says(
    encryption: dict[str, str], said: list[str | None], keyed: Minio, locked: str, tmp_path: Path
) -> None:
    """By the store's own word for what the preparation wrote, in each way there is."""
    result = tried(keyed, locked, tmp_path, encryption=encryption)
    assert (result.code, result.artifacts["reason"]) == (0, "Writable"), result.artifacts
    code = (
        f"v = s3.list_object_versions(Bucket={locked!r})['Versions'][0]\n"
        f"h = s3.head_object(Bucket={locked!r}, Key=v['Key'], VersionId=v['VersionId'])\n"
        "print(json.dumps([h.get('ServerSideEncryption'), h.get('SSEKMSKeyId')]))"
    )
    assert boto(keyed, code) == said


def test_a_key_that_the_store_does_not_have_is_named(keyed: Minio, locked: str, tmp_path: Path) -> None:
    """Nobody waits for it."""
    result = tried(keyed, locked, tmp_path, encryption={"type": "SSE-KMS", "kmsKeyId": "of-nobody"})
    assert (result.code, result.artifacts["reason"]) == (3, "EncryptionRefused"), result.artifacts


def test_a_store_that_cannot_encrypt_is_told_of(minio: Minio, bucket: str, tmp_path: Path) -> None:
    """One without key management refuses what it is asked."""
    result = tried(minio, bucket, tmp_path, encryption={"type": "SSE-S3"})
    assert (result.code, result.artifacts["reason"]) == (3, "EncryptionRefused"), result.artifacts
    assert minio.objects(bucket) == []


def test_arguments_of_ones_own_do_not_switch_encryption_off_unnoticed(
    keyed: Minio, locked: str, tmp_path: Path
) -> None:
    """A variable of the spec wins over the operator's; what the store says of the object counts."""
    spec = with_bucket({"sqlite": {}}, keyed, locked, encryption={"type": "SSE-S3"})
    own = {"name": "MLFLOW_S3_UPLOAD_EXTRA_ARGS", "value": "{}"}
    result = prepare(spec | {"env": [*with_sqlite(tmp_path)["env"][1:], own]}, tmp_path)
    assert (result.code, result.artifacts["reason"]) == (3, "EncryptionDiffers"), result.artifacts


def test_the_rule_of_the_server_stands_beside_those_of_others(minio: Minio, versioned: str, tmp_path: Path) -> None:
    """It comes, is written anew, and goes; theirs stay, also one that is written as S3 did at first."""
    put(minio, versioned, THEIRS)
    first = tried(minio, versioned, tmp_path, lifecycle=TIDY)
    assert (first.code, first.artifacts["reason"]) == (0, "Writable"), first.artifacts
    assert first.artifacts["message"].endswith(f"its lifecycle has the rule {ID_OF_A_B}")
    there = rules(minio, versioned)
    assert there[ID_OF_A_B]["Filter"] == {"Prefix": "a/b/"}
    assert there[ID_OF_A_B]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert (there["theirs"], there["of-old"]["Expiration"]) == (THEIRS[0], THEIRS[1]["Expiration"])
    assert "d/" in json.dumps(there["of-old"])
    tried(minio, versioned, tmp_path, lifecycle={"expireNoncurrentAfter": "48h"})
    assert rules(minio, versioned)[ID_OF_A_B]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 2}
    last = tried(minio, versioned, tmp_path, lifecycle={})
    assert last.artifacts["message"].endswith(f"its lifecycle has no rule {ID_OF_A_B}")
    assert set(rules(minio, versioned)) == {"theirs", "of-old"}


def test_a_rule_alone_comes_and_goes_with_the_lifecycle(minio: Minio, versioned: str, tmp_path: Path) -> None:
    """A bucket without a lifecycle gets one, and has none afterwards; without a prefix the rule is for everything."""
    assert tried(minio, versioned, tmp_path, lifecycle=TIDY, prefix=None).code == 0
    (rule,) = rules(minio, versioned).values()
    assert rule["Filter"] == {"Prefix": ""}
    for _ in range(2):
        assert tried(minio, versioned, tmp_path, lifecycle={}, prefix=None).code == 0
    code = f"s3.get_bucket_lifecycle_configuration(Bucket={versioned!r})"
    asked = f"try:\n    {code}\nexcept Exception as error:\n    print(json.dumps(error.response['Error']['Code']))"
    assert boto(minio, asked) == "NoSuchLifecycleConfiguration"


def test_a_part_of_the_rule_that_the_store_leaves_out_is_named(minio: Minio, versioned: str, tmp_path: Path) -> None:
    """MinIO takes a rule with an end of incomplete uploads, and keeps it without."""
    both = {**TIDY, "abortIncompleteUploadsAfter": "168h"}
    result = tried(minio, versioned, tmp_path, lifecycle=both)
    assert (result.code, result.artifacts["reason"]) == (3, "LifecycleDiffers"), result.artifacts
    assert "AbortIncompleteMultipartUpload" in result.artifacts["message"]


def test_a_rule_that_the_store_refuses_is_told_in_its_words(minio: Minio, versioned: str, tmp_path: Path) -> None:
    """Such as a storage class that it does not have; the rules that were there stay."""
    put(minio, versioned, THEIRS)
    moves = {"transitions": [{"after": "720h", "storageClass": "STANDARD_IA"}]}
    result = tried(minio, versioned, tmp_path, lifecycle=moves)
    assert (result.code, result.artifacts["reason"]) == (3, "LifecycleRefused"), result.artifacts
    assert "InvalidStorageClass" in result.artifacts["message"]
    assert set(rules(minio, versioned)) == {"theirs", "of-old"}


def test_a_key_without_rights_on_the_lifecycle_is_told_which_it_needs(
    minio: Minio, versioned: str, tmp_path: Path
) -> None:
    """Writing works, so only the rights that are missing are named."""
    allowed = {"Effect": "Allow", "Action": ["s3:*Object", "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    role = f"RoleArn='arn:aws:iam::1:role/any', RoleSessionName='team', Policy={policy!r}"
    key = boto(minio, f"print(json.dumps(sts.assume_role({role})['Credentials'], default=str))")
    spec = with_bucket({"sqlite": {}}, minio, versioned, lifecycle=TIDY)
    token = {"name": "AWS_SESSION_TOKEN", "value": key["SessionToken"]}
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    env = [*with_sqlite(tmp_path)["env"][1:], token]
    result = prepare(spec | {"env": env}, tmp_path, secrets={"keys": keys})
    assert (result.code, result.artifacts["reason"]) == (3, "LifecycleRefused"), result.artifacts
    assert "s3:PutLifecycleConfiguration" in result.artifacts["message"]


def test_a_release_that_would_not_look_at_the_owner_is_refused(
    minio: Minio, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write into anybody's bucket, though the spec says whose it has to be."""
    owner = {"expectedBucketOwner": "123456789012"}
    assert tried(minio, bucket, tmp_path, **owner).artifacts["reason"] == "Writable"
    older = environment("3.5.1") / "bin" / "python"
    monkeypatch.setattr("integration.stores.test_prepare.python", lambda: older)
    result = tried(minio, bucket, tmp_path, **owner)
    assert (result.code, result.artifacts["reason"]) == (3, "BucketOwnerNotChecked"), result.artifacts


@pytest.mark.parametrize("size", [1, 20 << 20])
def test_a_backup_is_encrypted_as_its_bucket_says(size: int, keyed: Minio, locked: str) -> None:
    """In one piece and in parts, by the options of its library."""
    options = {"endpoint": keyed.url, "region": "us-east-1"}
    options |= {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
    options |= {"server_side_encryption": "aws:kms", "sse_kms_key_id": KMS_KEY}
    place(f"s3://{locked}/a", options).write("thing", [b"x" * size])
    code = f"print(json.dumps(s3.head_object(Bucket={locked!r}, Key='a/thing')['ServerSideEncryption']))"
    assert boto(keyed, code) == "aws:kms"
