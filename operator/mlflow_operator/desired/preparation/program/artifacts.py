"""Tries the artifact store in the way in which the server is going to use it: by MLflow's own repository."""

import contextlib
import json
import logging
import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from mlflow_operator.desired.preparation.program import encryption, lifecycle, store_errors
from mlflow_operator.desired.preparation.program.patience import Hopeless, Patience, Problem
from mlflow_operator.desired.preparation.program.report import Report

CONNECT_SECONDS, READ_SECONDS = 5, 15
_THROUGH_ANOTHER_SERVER = ("http", "https", "mlflow-artifacts", "dbfs", "runs", "models")
_CONTENT = "written, read and deleted by mlflow-operator to see that the artifact store works\n"

log = logging.getLogger("prepare")


def prepare_artifacts(patience: Patience) -> Report:
    """Write, read and delete something where artifacts go, or as much of that as PREPARE_VERIFY says.

    Raises:
        Problem: It did not come about, and why.
    """
    uri, verify = os.environ.get("MLFLOW_ARTIFACTS_DESTINATION", ""), os.environ.get("PREPARE_VERIFY", "Write")
    if not uri or uri.partition(":")[0] in _THROUGH_ANOTHER_SERVER:
        return {
            "ok": None,
            "reason": "NotTried",
            "message": "the artifact store cannot be tried from outside the server",
        }
    return patience.wait_for(lambda: _tried(uri, verify))


def _tried(uri: str, verify: str) -> Report:
    try:
        if uri.startswith("s3:"):
            _give_up_soon()
        else:
            os.environ.setdefault("MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT", str(READ_SECONDS))
        made = os.environ.get("PREPARE_CREATE_BUCKET") == "true" and _make_bucket(uri)
        report = _verified(uri, verify, made=made)
        if own := os.environ.get("PREPARE_LIFECYCLE"):
            words = lifecycle.apply(_client(uri), _bucket(uri), json.loads(own))
            return report | {"message": f"{report['message']}; {words}"}
        return report
    except Problem:
        raise
    except Exception as error:
        raise store_errors.problem(uri, error) from None


def _verified(uri: str, verify: str, *, made: bool) -> Report:
    if verify == "None":
        return {"ok": None, "reason": "NotTried", "message": "artifactStore.verify is None, so it was not tried"}
    if uri.startswith("s3:"):
        encryption.check_owner()
    repository = get_artifact_repository(uri)
    return _read(repository, uri) if verify == "Read" else _write(repository, uri, made=made)


def _client(uri: str) -> Any:
    return get_artifact_repository(uri)._get_s3_client()


def _bucket(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0]


def _give_up_soon() -> None:
    """Shorter waits than boto's, for the clients that MLflow is going to make with settings of its own."""
    import boto3  # noqa: PLC0415 - mlflow does not depend on it, and only S3 does
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import get_session  # noqa: PLC0415

    session = get_session()
    patience = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS}
    session.set_default_client_config(Config(retries={"total_max_attempts": 2}, **patience))
    boto3.setup_default_session(botocore_session=session)


def _make_bucket(uri: str) -> bool:
    """Whether the bucket had to be made. What else HEAD answers is left for the write to explain, as it has words."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    client, bucket = _client(uri), _bucket(uri)
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 404:
            return False
    else:
        return False
    region = client.meta.region_name  # the oldest region is the one that must not be named
    named = {} if region in (None, "us-east-1", "aws-global") else {"LocationConstraint": region}
    try:
        client.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": named} if named else {}))
    except ClientError as error:  # somebody was faster
        if error.response.get("Error", {}).get("Code") not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
        return False
    return True


def _write(repository: Any, uri: str, *, made: bool) -> Report:
    """Write, read and delete a file of a name that nobody has; who may not delete is warned only."""
    name = f".mlflow-operator-{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(_CONTENT)
        repository.log_artifact(str(file))
        repository.list_artifacts(name)  # as MLflow does before it reads
        if _content(repository, name) != _CONTENT:
            raise Problem(
                "ArtifactDiffers", f"{uri}: what was read is not what was written; look at what is in between"
            )
        if uri.startswith("s3:"):
            encryption.check(_client(uri), _bucket(uri), uri, name)
        warning = _delete(repository, name)
    message = f"{'created' if made else 'found'} {uri}; wrote and read an artifact"
    report: Report = {"ok": True, "reason": "Created" if made else "Writable"}
    if warning:
        return report | {"message": f"{message}; {name} could not be deleted: {warning}", "warning": warning}
    return report | {"message": f"{message}, and deleted it"}


def _content(repository: Any, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "read")
        repository._download_file(name, str(file))  # download_artifacts turns every error into text
        return file.read_text()


def _delete(repository: Any, name: str) -> str | None:
    """What kept the file from being deleted; MLflow does not look whether S3 has deleted what it was told to."""
    try:
        repository.delete_artifacts(name)
    except Exception as error:
        return store_errors.problem("the store", error).message
    with contextlib.suppress(Exception):
        _content(repository, name)
        return "the store keeps it; the key may have no right to delete"
    return None


def _read(repository: Any, uri: str) -> Report:
    """List a folder that is not there: that needs the same rights, and takes no time in a full store."""
    if uri.startswith("/") and not os.access(uri, os.R_OK | os.X_OK):
        raise Hopeless("VolumeNotReadable", f"{uri} cannot be read; the volume must let a group read")
    repository.list_artifacts(f".mlflow-operator-{uuid.uuid4().hex}")
    return {"ok": True, "reason": "Readable", "message": f"found {uri} and listed it; nothing was written"}
