"""Debian's Chromium without a screen, driven by Playwright: it knows the hosts of a test, and nobody else."""

import contextlib
import hashlib
import shutil
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from cluster.host import packages

WINDOW = ViewportSize(width=1280, height=800)


@contextlib.contextmanager
def chromium(hosts: Mapping[str, str], certificates: tuple[Path, ...]) -> Iterator[Browser]:
    """Give the browser; what is opened in one of its contexts, the others do not know.

    Args:
        hosts: addresses by name.
        certificates: of servers that it trusts although it does not know who signed them.
    """
    packages.ensure(packages.BROWSER)
    known = [f"MAP {name} {address}" for name, address in hosts.items()]
    rules = ",".join([*known, "MAP * ~NOTFOUND", *(f"EXCLUDE {address}" for address in set(hosts.values()))])
    words = [
        "--no-sandbox",  # which root cannot have
        f"--host-resolver-rules={rules}",
        f"--ignore-certificate-errors-spki-list={','.join(_key(file) for file in certificates)}",
    ]
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=shutil.which("chromium"), args=words)
        yield browser
        browser.close()


def _key(certificate: Path) -> str:
    """The hash of its public key."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    plain = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(hashlib.sha256(plain).digest()).decode()
