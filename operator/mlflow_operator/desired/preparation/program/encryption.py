"""Whether the store did with an upload what the spec asks for: MLflow does not look."""

import os
from typing import Any

from mlflow import environment_variables

from mlflow_operator.desired.preparation.program.patience import Hopeless

_OWNER = "MLFLOW_S3_EXPECTED_BUCKET_OWNER"


def check(client: Any, bucket: str, uri: str, name: str) -> None:
    """Compare how the store says that it has encrypted what was written with PREPARE_ENCRYPTION.

    Raises:
        Hopeless: EncryptionDiffers.
    """
    wanted = os.environ.get("PREPARE_ENCRYPTION")
    if not wanted:
        return
    path = uri.partition("://")[2].partition("/")[2]
    found = client.head_object(Bucket=bucket, Key=f"{path}/{name}" if path else name)
    if found.get("ServerSideEncryption") != wanted:
        said = found.get("ServerSideEncryption") or "nothing of encryption"
        message = f"{uri}: the store was told to encrypt by {wanted}, and says {said} of what was written"
        advice = "it may not know that, or spec.env has another MLFLOW_S3_UPLOAD_EXTRA_ARGS"
        raise Hopeless("EncryptionDiffers", f"{message}; {advice}")


def check_owner() -> None:
    """Refuse a release of MLflow that would ignore whom the bucket has to belong to.

    Raises:
        Hopeless: BucketOwnerNotChecked.
    """
    if os.environ.get(_OWNER) and not hasattr(environment_variables, _OWNER):
        message = "this release of MLflow does not look whom a bucket belongs to; use a later one, such as 3.12.0"
        raise Hopeless("BucketOwnerNotChecked", f"{message}, or leave s3.expectedBucketOwner out")
