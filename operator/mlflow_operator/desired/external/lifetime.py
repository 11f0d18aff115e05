"""From when until when a certificate counts; read from its bytes, as Python alone reads them only of a connection."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_VERSION, _UTC_TIME = 0xA0, 0x17


class Lifetime(NamedTuple):
    """The first and the last moment."""

    begins: datetime
    ends: datetime


def lifetime(pem: str) -> Lifetime:
    """That of the first certificate in PEM, which is the server's own where others follow.

    X.509 (RFC 5280, 4.1): a certificate is a sequence, the first thing in it is another, and of that the fifth thing
    has both moments, or the fourth where no version is in front.

    Raises:
        ValueError: It is no certificate.
    """
    begin, end = pem.find(ssl.PEM_HEADER), pem.find(ssl.PEM_FOOTER)
    try:
        ((_, certificate),) = _parts(ssl.PEM_cert_to_DER_cert(pem[begin : end + len(ssl.PEM_FOOTER)]))
        _, signed = next(_parts(certificate))
        fields = [field for tag, field in _parts(signed) if tag != _VERSION]
        begins, ends = (_moment(tag, text.decode("ascii")) for tag, text in _parts(fields[3]))
    except (ValueError, IndexError, StopIteration) as error:
        raise ValueError("is no certificate") from error
    return Lifetime(begins, ends)


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Each thing in it by its tag, as DER (X.690) writes it: tag, length, content."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length > 0x80:  # the length of the length
            length, at = int.from_bytes(der[at : at + length - 0x80]), at + length - 0x80
        if at + length > len(der):
            raise ValueError("cut off")
        yield tag, der[at : at + length]
        at += length


def _moment(tag: int, text: str) -> datetime:
    if tag == _UTC_TIME:  # years of two digits, from 1950 on
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
