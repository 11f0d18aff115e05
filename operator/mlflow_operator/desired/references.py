"""Every Secret and ConfigMap that decides how a server's pods run."""

from collections.abc import Iterable, Iterator
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.buckets import Bucket
from mlflow_operator.desired import names, stores, trust
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.inputs import Key, Reference
from mlflow_operator.desired.server import auth, encryption, oauth2_proxy

_ENV_SOURCES = (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap"))
_ENV_FROM_SOURCES = (("secretRef", "Secret"), ("configMapRef", "ConfigMap"))


def references(server: MLflowServer) -> frozenset[Reference]:
    """The references, one per object: to be watched, and fingerprinted for ``Inputs.digests``."""
    merged: dict[Key, Reference] = {}
    for found in _all(server):
        before = merged.get(found.key, found)
        merged[found.key] = Reference(
            *found.key,
            keys=before.keys | found.keys,
            optional=before.optional and found.optional,
            others=before.others | found.others,
            whole=before.whole or found.whole,
            followed=before.followed and found.followed,
            only_prepares=before.only_prepares and found.only_prepares,
            only_serves=before.only_serves and found.only_serves,
        )
    return frozenset(merged.values())


def of_backups(server: MLflowServer) -> list[Key]:
    """What the pods that make backups read beside that: no other pod is replaced for it, or waits for it."""
    return _of_bucket(server.spec.backup.destination.s3 if server.spec.backup else None)


def of_restored(server: MLflowServer) -> list[Key]:
    """The same for the containers that restore a backup."""
    return _of_bucket(server.spec.bootstrap.restore.source.s3 if server.spec.bootstrap else None)


def _of_bucket(bucket: Bucket | None) -> list[Key]:
    if bucket is None:
        return []
    secret = [("Secret", bucket.credentials_secret_ref.name)] if bucket.credentials_secret_ref else []
    return secret + ([authorities.reference(bucket.ca_bundle).key] if bucket.ca_bundle else [])


def bundles(server: MLflowServer) -> list[Reference]:
    """Those that have to hold certificates, with the keys that do."""
    tls = server.spec.tls
    own = authorities.trusted(tls.ca_bundle, names.certificate_secret(server)) if tls else []
    return [*trust.references(server), *oauth2_proxy.bundles(server), *own]


def own_secrets(server: MLflowServer) -> dict[str, str]:
    """Names of the Secrets that the operator generates, with the component that each opens."""
    backend, artifacts = server.spec.backend_store, server.spec.artifact_store
    found = {}
    if backend and backend.managed:
        found[names.postgres(server)] = names.POSTGRES
    if artifacts and artifacts.managed:
        found[names.object_store(server)] = names.OBJECT_STORE
    return found | dict.fromkeys(auth.generated(server), names.SERVER)


def _all(server: MLflowServer) -> Iterator[Reference]:
    external = server.spec.external
    if external is not None:
        if external.credentials_secret_ref:
            yield Reference("Secret", external.credentials_secret_ref.name)
        if external.ca_bundle:
            yield authorities.reference(external.ca_bundle)
        return
    own = own_secrets(server)
    for reference in (*_stores(server), *auth.references(server)):
        yield reference._replace(optional=reference.name in own)
    yield from encryption.references(server)
    yield from _of_pods(server)


def _of_pods(server: MLflowServer) -> Iterator[Reference]:
    """What the spec says of pods in the words of Kubernetes."""
    mlflow = {"env": [variable.wire() for variable in server.spec.env], "envFrom": server.spec.env_from}
    for container in (mlflow, *server.spec.sidecars, *server.spec.init_containers):
        for variable in container.get("env", []):
            yield from _sources(variable.get("valueFrom", {}), _ENV_SOURCES)
        for source in container.get("envFrom", []):
            yield from _sources(source, _ENV_FROM_SOURCES)
    for volume in server.spec.volumes:
        yield from _of_volume(volume)


def _stores(server: MLflowServer) -> Iterator[Reference]:
    backend = server.spec.backend_store
    if backend and backend.uri_secret_ref:
        yield Reference("Secret", backend.uri_secret_ref.name, frozenset({backend.uri_secret_ref.key}))
    database = stores.postgres(server)
    if database is not None:
        login = database.credentials_secret_ref
        yield Reference("Secret", login.name, frozenset({login.username_key, login.password_key}))
    bucket = stores.s3(server)
    if bucket is not None and bucket.credentials_secret_ref:
        access = bucket.credentials_secret_ref
        yield Reference("Secret", access.name, frozenset({access.access_key_id_key, access.secret_access_key_key}))
    yield from trust.references(server)


def _of_volume(volume: dict[str, Any]) -> Iterator[Reference]:
    secret = volume.get("secret", {})
    parts = [{"secret": secret | {"name": secret.get("secretName")}, "configMap": volume.get("configMap")}]
    for part in (*parts, *volume.get("projected", {}).get("sources", [])):
        for field, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
            found = part.get(field) or {}
            if isinstance(found.get("name"), str):
                keys = frozenset(item["key"] for item in found.get("items", []))
                optional = found.get("optional") is True
                needed, others = (frozenset[str](), keys) if optional else (keys, frozenset[str]())
                yield Reference(kind, found["name"], needed, optional, others, whole=not keys)


def _sources(source: dict[str, Any], fields: Iterable[tuple[str, str]]) -> Iterator[Reference]:
    """The references in a part of a pod that was passed on as it is; the API server refuses what is malformed."""
    for field, kind in fields:
        reference = source.get(field)
        if isinstance(reference, dict) and isinstance(reference.get("name"), str):
            keys = frozenset({reference["key"]}) if isinstance(reference.get("key"), str) else frozenset[str]()
            optional = reference.get("optional") is True
            needed, others = (frozenset[str](), keys) if optional else (keys, frozenset[str]())
            yield Reference(kind, reference["name"], needed, optional, others, whole=not keys)
