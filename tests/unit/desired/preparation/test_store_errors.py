"""What an error of the artifact store means, whatever it is wrapped in."""

from typing import Any

import pytest

from mlflow_operator.desired.preparation.program.store_errors import problem


class ClientError(Exception):
    """An answer of S3, as botocore raises it."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}


class HTTPClientError(Exception):
    """An error on the way, as botocore raises it: without an answer."""

    response = None


class ConnectionClosedError(HTTPClientError):
    """One of its kinds."""


class Forbidden(Exception):
    """An answer of another store, as clients of Google and Microsoft raise it: with a number of HTTP."""

    def __init__(self, number: int, name: str = "code") -> None:
        super().__init__(f"{number}: in words of the store")
        setattr(self, name, number)
        self.response = object()


class ServiceRequestError(Exception):
    """Microsoft's client has reached nobody."""


class RetryError(Exception):
    """Google's client has tried for as long as it does."""


class ClientAuthenticationError(Exception):
    """Microsoft's client has no identity."""


class NoCredentialsError(Exception):
    """Nobody has named a key."""


class ParamValidationError(Exception):
    """Refused before it was sent."""


class MlflowException(Exception):
    """What MLflow makes of any of them."""


@pytest.mark.parametrize(
    ("cause", "reason", "terminal"),
    [
        (ClientError("NoSuchBucket", 404), "BucketMissing", True),
        (ClientError("AccessDenied", 403), "StoreRefused", True),
        (ClientError("NoSuchKey", 404), "ArtifactDiffers", False),
        (ClientError("PermanentRedirect", 301), "RegionWrong", True),
        (ClientError("SlowDown", 503), "StoreUnreachable", False),
        (ClientError("RequestTimeTooSkewed", 403), "ClockWrong", False),
        (ClientError("kms:KeyNotFound", 404), "EncryptionRefused", True),
        (ClientError("KMS.DisabledException", 400), "EncryptionRefused", True),
        (ConnectionClosedError("closed"), "StoreUnreachable", False),
        (HTTPClientError("something"), "StoreUnreachable", False),
        (HTTPClientError("Invalid header value b'x'"), "StoreRefused", True),
        (Forbidden(403), "StoreRefused", True),
        (Forbidden(404, "status_code"), "BucketMissing", True),
        (Forbidden(429), "StoreUnreachable", False),
        (Forbidden(503, "status_code"), "StoreUnreachable", False),
        (ServiceRequestError("Name or service not known"), "StoreUnreachable", False),
        (RetryError("Timeout of 120.0s exceeded"), "StoreUnreachable", False),
        (ClientAuthenticationError("no identity"), "CredentialsMissing", False),
        (NoCredentialsError("Unable to locate credentials"), "CredentialsMissing", False),
        (ParamValidationError("Invalid bucket name"), "BucketNameInvalid", True),
        (ModuleNotFoundError("No module named boto3", name="boto3"), "DriverMissing", True),
        (RuntimeError("what nobody foresaw"), "StoreFailed", False),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_has_its_reason_by_what_is_at_its_bottom(
    cause: Exception, reason: str, terminal: bool, wrapped: bool
) -> None:
    """MLflow and boto wrap errors; the first one counts."""
    error: BaseException = cause
    if wrapped:
        error = MlflowException("Failed to list artifacts")
        error.__context__ = cause
    found = problem("s3://bucket/path", error)
    assert (found.reason, found.terminal) == (reason, terminal)
    assert "s3" in found.message


def test_the_first_error_counts_where_the_one_that_wraps_it_has_a_meaning_too() -> None:
    """A refusal that was told as a broken connection is a refusal."""
    error = HTTPClientError("the request did not get through")
    error.__context__ = ClientError("AccessDenied", 403)
    assert problem("s3://bucket", error).reason == "StoreRefused"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_refusal_of_a_key_that_ends_in_a_line_end_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has written the Secret by echo is told, without the key."""
    monkeypatch.setenv(name, "the-key-itself\n")
    found = problem("s3://bucket", ClientError("SignatureDoesNotMatch", 403))
    assert (found.reason, found.terminal) == ("CredentialHasLineEnd", True)
    assert "access key" in found.message
    assert "the-key-itself" not in found.message
