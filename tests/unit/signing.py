"""Certificates for tests, and whether a client would trust them."""

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOCAL = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, in PEM."""

    certificate: str
    key: str

    def write(self, folder: Path) -> None:
        """Put them where a Secret of type kubernetes.io/tls is mounted, each at once as a kubelet does."""
        for name, text in (("tls.crt", self.certificate), ("tls.key", self.key)):
            (folder / f".{name}").write_text(text)
            (folder / f".{name}").rename(folder / name)

    @property
    def served(self) -> ssl.SSLContext:
        """A server with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            self.write(Path(folder))
            context.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
        return context

    @property
    def trusted(self) -> ssl.SSLContext:
        """A client that trusts this certificate, and no other."""
        return ssl.create_default_context(cadata=self.certificate)


def signed(*names: str, by: Pair | None = None, days: int = 30) -> Pair:
    """A certificate for these names, or for this machine; by itself where nobody signs it, for that many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    now, me = datetime.now(UTC), _subject(names[0] if names else "localhost")
    issuer = x509.load_pem_x509_certificate(by.certificate.encode()).subject if by else me
    builder = (
        x509.CertificateBuilder()
        .subject_name(me)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names or LOCAL]), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    signer = serialization.load_pem_private_key(by.key.encode(), None) if by else key
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    made = builder.sign(signer, hashes.SHA256())
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return Pair(made.public_bytes(serialization.Encoding.PEM).decode(), secret.decode())


def trusts(client: ssl.SSLContext, server: Pair, host: str) -> str | None:
    """Why a client does not trust what a server shows under a name; None where it does. Nothing is sent anywhere."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    answering = server.served.wrap_bio(to_server, to_client, server_side=True)
    try:
        for _ in range(4):
            for side in (asking, answering):
                _turn(side)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    return None


def _turn(side: ssl.SSLObject) -> None:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    if name.replace(".", "").isdigit():
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)
