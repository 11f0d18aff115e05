"""Whose certificates are trusted: the public authorities, and those of a server's own bundle."""

import ssl
from functools import lru_cache


@lru_cache(maxsize=64)
def trusting(authorities: str) -> ssl.SSLContext:
    """A context that trusts these authorities too, in PEM; the same for the same text, as connections are kept by it.

    Raises:
        ValueError: One of them is no certificate.
    """
    context = ssl.create_default_context()
    # A certificate is trusted that is named itself, without the authority that signed it; Python's own from 3.13 on.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=authorities)
    except ssl.SSLError as error:
        raise ValueError("has a certificate that cannot be read") from error
    return context


def trusting_anybody() -> ssl.SSLContext:
    """A context for a way that somebody else has made sure of."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
