"""Whom the operator trusts for a server that it deploys: what its Secret says, now and a moment ago."""

import base64
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.clients.cluster import Cluster
from mlflow_operator.clients.mlflow.registry import Mlflow
from mlflow_operator.config import Settings
from mlflow_operator.engine.queue import Key, WorkQueue
from mlflow_operator.errors import Terminal, Waiting
from mlflow_operator.reconcile.access import access
from mlflow_operator.reconcile.events import seen
from mlflow_operator.reconcile.renewals import Renewals
from mlflow_operator.reconcile.servers import children
from mlflow_operator.reconcile.servers.certificate import measured
from mlflow_operator.reconcile.servers.server import reconcile
from mlflow_operator.reconcile.world import World
from unit.desired.servers import EXISTING, server
from unit.reconcile.test_telemetry import series
from unit.signing import Pair, signed, trusts

HOST = "mlflow.team.svc.cluster.local"


@dataclass
class Team:
    """A namespace with one Secret and one ConfigMap, and a clock that goes when it is told to."""

    certificate: dict[str, str]
    bundle: str = ""
    now: float = 0.0
    world: World = field(init=False)

    def __post_init__(self) -> None:
        """An operator that knows them."""
        self.world = World(
            settings=Settings(),
            cluster=cast("Cluster", self),
            mlflow=Mlflow(),
            queue=WorkQueue(),
            clock=lambda: datetime.now(UTC),
            instance="test",
            renewals=Renewals(lambda: self.now),
        )

    async def get(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """As Cluster.get."""
        meta = {"name": name, "namespace": namespace}
        if (kind, name) == ("Secret", "certificate"):
            data = {key: base64.b64encode(text.encode()).decode() for key, text in self.certificate.items()}
            return {"kind": kind, "metadata": meta, "data": data}
        return {"kind": kind, "metadata": meta, "data": {"ca.crt": self.bundle}} if name == "corporate" else None

    def renew(self, **data: str) -> None:
        """Write the Secret anew, which a watch tells."""
        self.certificate = {key.replace("_", "."): text for key, text in data.items()}
        secret = {"kind": "Secret", "metadata": {"name": "certificate", "namespace": "team"}}
        seen(self.world, "Secret", secret, deleted=False)

    async def trust(self, wanted: MLflowServer | None = None) -> ssl.SSLContext:
        """The operator as a client of the server."""
        found = (await access(self.world, wanted or encrypted())).tls
        assert found is not None
        return found


def encrypted(**tls: Any) -> MLflowServer:
    """A server with HTTPS in its pods."""
    return server(EXISTING | {"tls": {"secretName": "certificate", **tls}})


AUTHORITY, STRANGER = signed("team authority"), signed("somebody else")
BUNDLED = {"caBundle": {"configMapKeyRef": {"name": "corporate", "key": "ca.crt"}}}


@pytest.mark.parametrize(
    ("shown", "more", "tls", "why"),
    [
        (signed(HOST), {}, {}, None),
        (signed(HOST, by=AUTHORITY), {"ca.crt": AUTHORITY.certificate}, {}, None),
        (signed(HOST, by=AUTHORITY), {}, {}, None),
        (signed("*.team.svc.cluster.local", by=AUTHORITY), {}, BUNDLED, None),
        (signed("mlflow.team.svc"), {}, {}, f"Hostname mismatch, certificate is not valid for '{HOST}'."),
        (signed(HOST, days=-1), {}, {}, "certificate has expired"),
    ],
    ids=[
        "by itself",
        "by the authority in the Secret",
        "by nobody known",
        "by that of the bundle",
        "for another host",
        "expired",
    ],
)
async def test_what_the_secret_says_is_trusted(shown: Pair, more: Any, tls: Any, why: str | None) -> None:
    """As long as it is valid, and for the host of the URL; no field has to say more."""
    team = Team({"tls.crt": shown.certificate, **more}, bundle=AUTHORITY.certificate)
    assert trusts(await team.trust(encrypted(**tls)), shown, HOST) == why


async def test_another_certificate_is_not_trusted() -> None:
    """Whoever takes the place of the pods has another one."""
    team = Team({"tls.crt": signed(HOST, by=AUTHORITY).certificate, "ca.crt": AUTHORITY.certificate})
    assert trusts(await team.trust(), signed(HOST, by=STRANGER), HOST) is not None


async def test_pods_that_have_not_followed_yet_are_trusted_for_a_while() -> None:
    """The Secret is known at once, and is in the pods a minute or two later."""
    before, after = signed(HOST), signed(HOST)
    team = Team({"tls.crt": before.certificate})
    await team.trust()
    team.renew(tls_crt=after.certificate)
    for shown in (before, after):
        assert trusts(await team.trust(), shown, HOST) is None
    team.now += 301
    assert trusts(await team.trust(), after, HOST) is None
    assert trusts(await team.trust(), before, HOST) is not None


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ({}, Waiting, "SecretKeyNotFound: Secret certificate has no key tls.crt; add it"),
        ({"tls.crt": "nonsense"}, Terminal, r"CaBundleInvalid: key tls\.crt or ca\.crt of Secret certificate holds no"),
    ],
)
async def test_a_secret_without_a_certificate_is_named(data: dict[str, str], kind: Any, said: str) -> None:
    """With its keys."""
    with pytest.raises(kind, match=said):
        await access(Team(data).world, encrypted())


async def test_what_to_do_names_the_secret_and_the_host() -> None:
    """For whoever reads the message of the server."""
    way = await access(Team({"tls.crt": signed(HOST).certificate}).world, encrypted())
    assert f"Secret certificate of spec.tls has to hold a certificate for {HOST}" in way.advice


POSTGRES = EXISTING["backendStore"]["postgres"] | {"sslMode": "verify-full", "caBundle": BUNDLED["caBundle"]}
BAD_DATA = {"data": {"tls.crt": base64.b64encode(b"nonsense").decode(), "tls.key": ""}}


@pytest.mark.parametrize(
    ("wanted", "data", "said"),
    [
        (encrypted(), BAD_DATA, r"key tls\.crt or ca\.crt of Secret certificate holds no"),
        (
            server(EXISTING | {"backendStore": {"postgres": POSTGRES}}),
            {},
            r"key ca\.crt of ConfigMap corporate holds no",
        ),
    ],
    ids=["of the pods", "of a store"],
)
def test_what_is_no_certificate_is_named_before_anything_relies_on_it(wanted: Any, data: Any, said: str) -> None:
    """Whether or not a pod runs that could be asked."""
    login, keys = {"username": "", "password": ""}, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    found = {
        ("Secret", "db"): {"data": login},
        ("Secret", "keys"): {"data": keys},
        ("Secret", "certificate"): data,
        ("ConfigMap", "corporate"): {"data": {"ca.crt": "nonsense"}},
    }
    with pytest.raises(Terminal, match=f"CaBundleInvalid: {said}"):
        children.check(wanted, found)


def test_a_certificate_that_is_still_made_is_waited_for_by_the_name_of_who_makes_it() -> None:
    """Nobody is asked to create a Secret that cert-manager creates; one that a person writes is asked for."""
    found = {("Secret", "db"): {"data": {"username": "", "password": ""}}}
    issued = server(EXISTING | {"tls": {"issuerRef": {"name": "corporate"}}})
    with pytest.raises(Waiting, match="CertificateNotIssued: cert-manager has not made Secret mlflow-certificate yet"):
        children.check(issued, found | {("Secret", "keys"): {"data": _KEYS}})
    with pytest.raises(Waiting, match="SecretNotFound: Secret certificate does not exist in namespace team; create it"):
        children.check(encrypted(), found | {("Secret", "keys"): {"data": _KEYS}})


_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


EXPIRY = "mlflow_operator_server_certificate_expiry_timestamp_seconds"


async def test_the_metrics_say_when_the_certificate_ends() -> None:
    """Of the Secret as it is now, and nothing where there is none that can be read, or none is wanted any more."""
    team = Team({"tls.crt": signed(HOST, days=3).certificate, "ca.crt": AUTHORITY.certificate})
    for days in (3, 30):
        team.renew(tls_crt=signed(HOST, days=days).certificate)
        found = await measured(team.world, encrypted())
        assert found
        assert series(EXPIRY)["team", "mlflow"] == found.ends.timestamp()
        assert round((found.ends - datetime.now(UTC)).total_seconds() / 86400) == days
    for wanted, text in ((encrypted(), "nonsense"), (server(EXISTING), signed(HOST).certificate)):
        team.renew(tls_crt=signed(HOST).certificate)
        await measured(team.world, encrypted())
        assert ("team", "mlflow") in series(EXPIRY)
        team.renew(tls_crt=text)
        assert await measured(team.world, wanted) is None
        assert ("team", "mlflow") not in series(EXPIRY)


async def test_a_server_that_is_gone_has_no_certificate_in_the_metrics() -> None:
    """Nobody is called for what was deleted."""
    team = Team({"tls.crt": signed(HOST).certificate})
    await measured(team.world, encrypted())
    assert ("team", "mlflow") in series(EXPIRY)
    await reconcile(team.world, Key("MLflowServer", "team", "mlflow"))
    assert ("team", "mlflow") not in series(EXPIRY)
