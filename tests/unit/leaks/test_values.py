"""What of a Secret may be nowhere else, and that every spelling of it is noticed."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from cluster.leaks.values import forms, secrets
from unit.signing import signed

WORD = b'second:Pa@ss%w"rd & more of \xc3\xa4 trainer'
PAIR = signed()


def found(**values: bytes) -> list[bytes]:
    """What is secret of a Secret with these values."""
    return [value for _, value in secrets({"data": {key: b64encode(value).decode() for key, value in values.items()}})]


@pytest.mark.parametrize("around", [b"", b"a", b"ab", b"abc", b"trainer:"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
@pytest.mark.parametrize("word", [WORD, b"12345678", b"123456789", b"1234567890"])
def test_it_is_noticed_inside_anything_in_base64(around: bytes, encode: type[bytes], word: bytes) -> None:
    """As in a header with a login, or in an object that has the Secret's data."""
    assert any(form in bytes(encode(around + word + around)) for form in forms(word))


@pytest.mark.parametrize(
    "text",
    [
        WORD.decode(),
        f"postgresql://team:{quote(WORD.decode(), safe='')}@db/mlflow",
        json.dumps({"password": WORD.decode()}),
        json.dumps({"password": WORD.decode()}, ensure_ascii=False).replace("&", "\\u0026"),
        json.dumps({"data": json.dumps({"password": WORD.decode()})}),
        json.dumps({"data": json.dumps({"password": WORD.decode()}, ensure_ascii=False)}, ensure_ascii=False),
        WORD.hex(),
    ],
)
def test_it_is_noticed_however_it_is_spelled(text: str) -> None:
    """Plain, in a URL, in JSON, in JSON within JSON, in hex."""
    assert any(form in text.encode() for form in forms(WORD))


def test_another_word_is_not_taken_for_it() -> None:
    """No form is so short that anything has it."""
    other = b"first-password-of-somebody"
    assert not any(form in b64encode(b"trainer:" + other) + other for form in forms(WORD))
    assert min(len(form) for form in forms(b"12345678")) >= 8


def test_a_private_key_is_secret_line_by_line_and_its_certificate_is_not() -> None:
    """A log breaks lines, or escapes their ends."""
    lines = found(**{"tls.crt": PAIR.certificate.encode(), "tls.key": PAIR.key.encode()})
    assert lines == PAIR.key.encode().splitlines()[1:-1]
    assert found(bundle=PAIR.certificate.encode()) == []
    assert found(both=(PAIR.certificate + PAIR.key).encode()) == lines


def test_of_a_uri_the_password_is_secret() -> None:
    """As it is written there and as it is; a URI without one says nothing."""
    assert sorted(found(uri=b"mysql://team:Pa%40ssword@db/mlflow")) == [b"Pa%40ssword", b"Pa@ssword"]
    assert found(uri=b"sqlite:////tmp/mlflow.db") == []


def test_who_somebody_is_may_be_known() -> None:
    """A user's name, and what is too short to be told from chance."""
    assert found(username=b"administrator", pin=b"1234567") == []
    assert secrets({"metadata": {}}) is not None
    assert list(secrets({"metadata": {}})) == []
