"""From when until when a certificate counts, read from its bytes."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mlflow_operator.desired.external.lifetime import lifetime
from unit.signing import signed

PAST, FUTURE = datetime(1963, 4, 5, 6, 7, 8, tzinfo=UTC), datetime(2093, 12, 31, 23, 59, 59, tzinfo=UTC)
LONG = "x" * 64


def certificate(begins: datetime, ends: datetime, *, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """One with a long name, so that lengths of several bytes are in it."""
    me = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LONG)] * 5)
    builder = x509.CertificateBuilder().subject_name(me).issuer_name(me).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(("begins", "ends"), [(PAST, FUTURE), (datetime(2049, 12, 31, tzinfo=UTC), FUTURE)])
@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_both_moments_are_read(kind: str, begins: datetime, ends: datetime) -> None:
    """Of any kind of key, with years that are written with two digits and with four."""
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP256R1())
    assert lifetime(certificate(begins, ends, key=key)) == (begins, ends)


def test_the_first_certificate_counts() -> None:
    """It is the server's own; others in the file are those that have signed it."""
    own, above = signed("mlflow", days=3).certificate, signed("authority", days=300).certificate
    left = lifetime(f"# of the team\n{own}\n{above}").ends - datetime.now(UTC)
    assert timedelta(days=2) < left < timedelta(days=4)


@pytest.mark.parametrize("damage", ["", "no certificate", "cut", "empty", "text"])
def test_what_is_no_certificate_is_told_from_one(damage: str) -> None:
    """Whatever is in the file."""
    der = ssl.PEM_cert_to_DER_cert(signed().certificate)
    pem = {
        "cut": ssl.DER_cert_to_PEM_cert(der[:60]),
        "empty": ssl.DER_cert_to_PEM_cert(b""),
        "text": ssl.DER_cert_to_PEM_cert(b"hello"),
    }.get(damage, damage)
    with pytest.raises(ValueError, match="is no certificate"):
        lifetime(pem)
