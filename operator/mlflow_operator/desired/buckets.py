"""What a bucket is asked for beside keeping things: encryption, an owner, and a lifecycle."""

from typing import Any

from mlflow_operator.api.durations import span
from mlflow_operator.api.server.buckets import S3, Encryption
from mlflow_operator.desired.inputs import digest

_ALGORITHMS = {"SSE-S3": "AES256", "SSE-KMS": "aws:kms"}


def algorithm(encryption: Encryption) -> str:
    """How S3 calls it, in headers of requests and answers."""
    return _ALGORITHMS[encryption.type]


def upload_arguments(encryption: Encryption) -> dict[str, str]:
    """Arguments of boto3 for each upload, as MLFLOW_S3_UPLOAD_EXTRA_ARGS has them."""
    key = {"SSEKMSKeyId": encryption.kms_key_id} if encryption.kms_key_id else {}
    return {"ServerSideEncryption": algorithm(encryption), **key}


def lifecycle_rule(bucket: S3) -> dict[str, Any] | None:
    """The rule, as S3 has it; one of which nothing but its ID is left is to be removed; None: nobody asks.

    Its ID tells it from the rules of others. It is made of the prefix: a server of the same place takes it over.
    """
    wanted = bucket.lifecycle
    if wanted is None:
        return None
    prefix = f"{bucket.prefix}/" if bucket.prefix else ""
    rule: dict[str, Any] = {}
    if wanted.abort_incomplete_uploads_after:
        rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": _days(wanted.abort_incomplete_uploads_after)}
    if wanted.expire_noncurrent_after:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": _days(wanted.expire_noncurrent_after)}
    if moves := wanted.transitions:
        rule["Transitions"] = [{"Days": _days(move.after), "StorageClass": move.storage_class} for move in moves]
    name = {"ID": f"mlflow-operator-{digest(prefix)}"}
    return {**name, "Status": "Enabled", "Filter": {"Prefix": prefix}, **rule} if rule else name


def _days(text: str) -> int:
    return span(text).days
