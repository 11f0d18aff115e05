"""What an error of the artifact store means, by the error at the bottom of what MLflow and boto have wrapped."""

import os
import re
from collections.abc import Iterator
from typing import Any

from mlflow_operator.desired.preparation.program import credentials
from mlflow_operator.desired.preparation.program.patience import Hopeless, Passing, Problem

_OF_TRANSPORT = {
    "EndpointConnectionError": "nobody answers there; check endpoint, and network policies",
    "ConnectTimeoutError": "the connection was not made in time; check endpoint, and network policies",
    "ReadTimeoutError": "no answer came in time",
    "ConnectionClosedError": "the connection was closed before an answer came",
    "IncompleteReadError": "the connection was closed in the middle of an answer",
    "ProxyConnectionError": "the proxy cannot be reached; correct HTTPS_PROXY and NO_PROXY",
    "SSLError": "TLS failed; name the authority in s3.caBundle",
    "HTTPClientError": "the request did not get through",
    # of the clients for Google's stores, and Microsoft's
    **dict.fromkeys(
        ("ConnectionError", "ServiceRequestError"), "nobody answers there; check uri, and network policies"
    ),
    **dict.fromkeys(("TransportError", "ServiceResponseError", "RetryError", "Timeout"), "no answer came in time"),
}
_WITHOUT_CREDENTIALS = (
    *("NoCredentialsError", "CredentialRetrievalError", "MetadataRetrievalError"),
    *("DefaultCredentialsError", "RefreshError", "ClientAuthenticationError"),
)
_DRIVERS = {
    "s3": "boto3",
    "gs": "google-cloud-storage",
    "wasbs": "azure-storage-blob and azure-identity",
    "abfss": "azure-storage-file-datalake and azure-identity",
    "hdfs": "pyarrow, a Java and Hadoop's libhdfs",
}
"""Packages that MLflow needs for a scheme; its own -full images have those of the first four."""
_NO_BUCKET = ("NoSuchBucket",)
_ELSEWHERE = (
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "NoRegionError",
)
_NOT_YET = ("NoSuchKey", "404", "NotFound", "RESOURCE_DOES_NOT_EXIST")


def problem(uri: str, error: BaseException) -> Problem:
    """What it means for the user; ``uri`` is the artifact store's."""
    for cause in reversed(list(_chain(error))):
        if found := _of_cause(uri, cause):
            return _with_line_ends(found)
    detail = _detail(error)
    return Problem("StoreFailed", f"{uri} cannot be used: {type(error).__name__}: {detail}; see the preparation's log")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_cause(uri: str, error: BaseException) -> Problem | None:
    detail = _detail(error)
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _of_answer(uri, response, detail)
    return _of_way(uri, error, detail) or _of_client(uri, error, detail) or _of_status(uri, error, detail)


def _of_way(uri: str, error: BaseException, detail: str) -> Problem | None:
    """What went wrong between here and the store."""
    if "Invalid header value" in detail:
        return Hopeless("StoreRefused", f"{uri}: the credentials cannot be sent as they are; correct the Secret")
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ != "builtins"]
    known = next((name for name in kinds if name in _OF_TRANSPORT), None)
    if known is None:
        return None
    return Passing("StoreUnreachable", f"{uri} cannot be reached: {_OF_TRANSPORT[known]}: {detail}")


def _of_client(uri: str, error: BaseException, detail: str) -> Problem | None:
    """What was in the way before anything was sent, or of a folder."""
    name = type(error).__name__
    if any(kind.__name__ in _WITHOUT_CREDENTIALS for kind in type(error).__mro__):
        message = f"{uri}: no credentials are there ({detail}); name a Secret, or see to the pods' identity"
        return Problem("CredentialsMissing", message)
    if name == "ParamValidationError" and "bucket" in detail.lower():
        return _bad_name(uri)
    if name in _ELSEWHERE:
        return _elsewhere(uri, detail)
    if isinstance(error, OSError) and error.filename and uri.startswith(("/", "file:")):
        message = f"{uri} cannot be written: {error.strerror}; the volume must let a group write"
        return Hopeless("VolumeNotWritable", message)
    return _driver_missing(uri, error, detail)


def _driver_missing(uri: str, error: BaseException, detail: str) -> Problem | None:
    """HDFS needs more than Python: its library is loaded, and a Java by that, when it is first used."""
    scheme = uri.partition(":")[0]
    of_hdfs = isinstance(error, NameError) or (isinstance(error, OSError) and re.search(r"lib(jvm|hdfs)", detail))
    if not isinstance(error, ImportError) and not (scheme == "hdfs" and of_hdfs):
        return None
    missing = _DRIVERS.get(scheme) or getattr(error, "name", None) or "a driver"
    message = f"the image lacks {missing}, which {scheme}: needs ({detail}); use an image that has it"
    return Hopeless("DriverMissing", message)


def _of_status(uri: str, error: BaseException, detail: str) -> Problem | None:
    """What a store of another kind means by its answer, which its client tells by the number of HTTP."""
    found = [getattr(error, name, None) for name in ("status_code", "code")]
    status = next((int(number) for number in found if isinstance(number, int) and 400 <= number < 600), None)
    if status is None:
        return None
    if status == 404:
        return Hopeless("BucketMissing", f"{uri}: there is no such bucket, container or path: {detail}; create it")
    if status >= 500 or status == 429:
        return Passing("StoreUnreachable", f"{uri} answers with an error of its own: {detail}")
    return Hopeless("StoreRefused", f"no access to {uri}: {detail}; correct the credentials, or their rights")


def _of_answer(uri: str, response: dict[str, Any], detail: str) -> Problem:
    """What S3 means by its answer."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if found := _of_bucket(uri, code, detail) or _of_code(uri, code, detail):
        return found
    if status >= 500 or status == 429:
        return Passing("StoreUnreachable", f"{uri} answers with an error of its own: {detail}")
    return Hopeless("StoreRefused", f"no access to {uri}: {detail}; correct the access key, or its rights")


def _of_bucket(uri: str, code: str, detail: str) -> Problem | None:
    """Whether it is there, and where."""
    if code in _NO_BUCKET:
        return Hopeless("BucketMissing", f"{uri}: there is no such bucket; create it, or set s3.createBucket: true")
    if code in _ELSEWHERE:
        return _elsewhere(uri, detail)
    return _bad_name(uri) if code == "InvalidBucketName" else None


def _of_code(uri: str, code: str, detail: str) -> Problem | None:
    """What has a code of its own beside that."""
    if code == "RequestTimeTooSkewed":
        message = f"{uri}: the clocks of this node and of the store are too far apart: {detail}; set them right"
        return Problem("ClockWrong", message)
    if code in _NOT_YET:
        return Problem("ArtifactDiffers", f"{uri}: what was written was not there afterwards: {detail}; it is retried")
    if code.lower().startswith("kms") or (code == "NotImplemented" and "PREPARE_ENCRYPTION" in os.environ):
        advice = "correct s3.encryption and its key, or the rights on that"
        return Hopeless("EncryptionRefused", f"{uri}: the store cannot keep it as it was asked to: {detail}; {advice}")
    return None


def _bad_name(uri: str) -> Problem:
    return Hopeless("BucketNameInvalid", f"{uri} names no bucket; its name is 3 to 63 of a-z, 0-9, dot, hyphen")


def _elsewhere(uri: str, detail: str) -> Problem:
    return Hopeless("RegionWrong", f"{uri}: {detail}; set artifactStore.s3.region to the bucket's")


def _with_line_ends(found: Problem) -> Problem:
    """A refusal, by the store or on the way, has an obvious cause when a key ends in a line end."""
    ends = credentials.ending_in_whitespace(credentials.OF_STORE)
    if found.reason != "StoreRefused" or not ends:
        return found
    message = f"{' and '.join(ends)} in the Secret ends in a line end or blank; write it without: {found.message}"
    return Hopeless("CredentialHasLineEnd", message)


def _detail(error: BaseException) -> str:
    return " ".join(credentials.without_secrets(str(error)).split())
