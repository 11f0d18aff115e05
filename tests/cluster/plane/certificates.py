"""A certificate authority for one cluster, made with openssl, and the kubeconfigs that use it."""

import base64
import json
from pathlib import Path
from typing import Any

from cluster.host import run

DAYS = "365"


class Authority:
    """A CA whose files live in `folder`; `issue` makes `<name>.crt` and `<name>.key` beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.crt"

    def create(self) -> None:
        """Make the CA, and the pair that signs and checks service-account tokens."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._self_signed("ca", "/CN=test-ca", [])
        self._self_signed("tokens", "/CN=service-account-tokens", [])

    def issue(self, name: str, subject: str, names: str = "") -> None:
        """Sign a certificate for `subject`; `names` is openssl's list of alternative names, for servers."""
        usage = ["-addext", f"subjectAltName={names}"] if names else []
        signer = ["-CA", str(self.certificate), "-CAkey", str(self.folder / "ca.key")]
        usages = "extendedKeyUsage=serverAuth,clientAuth"
        leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", usages]
        self._self_signed(name, subject, [*signer, *usage, *leaf])

    def client(self, name: str) -> dict[str, str]:
        """Return the kubeconfig user that logs in with the certificate `name`."""
        certificate, key = (_inline(self.folder / f"{name}.{kind}") for kind in ("crt", "key"))
        return {"client-certificate-data": certificate, "client-key-data": key}

    def kubeconfig(self, server: str, user: dict[str, str]) -> str:
        """Return a kubeconfig for `server` and `user` (JSON, which is YAML)."""
        cluster = {"server": server, "certificate-authority-data": _inline(self.certificate)}
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        return json.dumps(config, indent=1)

    def _self_signed(self, name: str, subject: str, options: list[str]) -> None:
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        run.output(["openssl", "req", "-x509", *curve, *files, "-subj", subject, "-days", DAYS, *options])


def _inline(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
