"""Logins at an OpenID provider: oauth2-proxy, in front of a MLflow that listens to its own pod alone.

The flags are those of oauth2-proxy 7.15. What is open to everybody is the proxy's own path, and the health of MLflow.
"""

import base64
import hashlib
import re
from collections.abc import Iterator

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.api.server.oauth2_proxy import OAuth2Proxy
from mlflow_operator.desired import names, pod, trust
from mlflow_operator.desired.external import authorities
from mlflow_operator.desired.inputs import Images, Object, Reference
from mlflow_operator.desired.server import encryption, exposure
from mlflow_operator.desired.variables import from_secret, literal, plain

CONTAINER = "oauth2-proxy"
HOST_BEHIND, PORT_BEHIND = "127.0.0.1", 5001
"""Where MLflow listens: every pod has this address, also one with IPv6 alone."""
HEALTH = "/health"
LEAVING_SECONDS = 5
"""Connections arrive until every node knows that the pod is leaving."""
OUTLIVING_SECONDS = 3
"""By how much MLflow stays longer, so that what the proxy took last is answered."""
_FOLDER = "/etc/oauth2-proxy"
_FILE, _COOKIES = "htpasswd", "cookie-secret"
_PROGRAMS = (
    *("api", "ajax-api", "v1", "gateway"),
    *("graphql", "get-artifact", "model-versions/get-artifact", "version", "metrics"),
)
"""Paths by which programs and the scripts of pages ask: they get 401, and are not led to a login page."""
_SENT = "Error retrieving session from token in Authorization header: "
_REFUSED = f"{_SENT}unable to verify bearer token"


def wanted(server: MLflowServer) -> OAuth2Proxy | None:
    """What the spec says of the logins, if the server has them."""
    return server.spec.auth.oauth2_proxy


def container(server: MLflowServer, images: Images, port: int) -> Object | None:
    """The proxy's container, which has the server's port; None where MLflow has it."""
    said = wanted(server)
    if said is None:
        return None
    fields: Object = {
        "args": arguments(server, said, port),
        "env": _environment(server, said),
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        **_probes(server),
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVING_SECONDS}}},
        "volumeMounts": _mounts(server, said),
        "resources": pod.resources(said.resources, {"cpu": "50m", "memory": "64Mi"}),
    }
    return pod.container(CONTAINER, said.image or images.oauth2_proxy, images, **fields)


def _environment(server: MLflowServer, said: OAuth2Proxy) -> list[Object]:
    """What nobody may read in the arguments, and how Go's programs are told of a forward proxy."""
    return [
        from_secret("OAUTH2_PROXY_CLIENT_SECRET", said.client_secret_ref.name, said.client_secret_ref.key),
        from_secret("OAUTH2_PROXY_COOKIE_SECRET", names.proxy_login(server), _COOKIES),
        *([plain("HTTPS_PROXY", said.https_proxy)] if said.https_proxy else []),
    ]


def _probes(server: MLflowServer) -> Object:
    """Of the proxy alone: what is behind it has probes of its own."""
    scheme = {"scheme": "HTTPS"} if server.spec.tls else {}
    asked: Object = {"path": f"{_own_path(server)}/ping", "port": "http", **scheme}
    probe: Object = {"httpGet": asked, "timeoutSeconds": 5}
    return {
        "readinessProbe": probe | {"periodSeconds": 5},
        "livenessProbe": probe | {"periodSeconds": 20, "failureThreshold": 6},
    }


def words_for_mlflow(server: MLflowServer) -> list[str]:
    """Words for ``start_server.py``, by which MLflow is for its pod alone."""
    return ["--host", HOST_BEHIND] if wanted(server) else []


def volumes(server: MLflowServer) -> list[Object]:
    """What the container reads, as volumes of its pod."""
    said = wanted(server)
    if said is None:
        return []
    items = [{"key": _FILE, "path": _FILE}]
    own: Object = {"name": CONTAINER, "secret": {"secretName": names.proxy_login(server), "items": items}}
    return [own, *([trust.volume(trust.ISSUER, authorities.reference(said.ca_bundle))] if said.ca_bundle else [])]


def references(server: MLflowServer) -> Iterator[Reference]:
    """The Secrets of the logins, and the authorities of the issuer; the proxy reads all of them once."""
    said = wanted(server)
    if said is None:
        return
    secret = said.client_secret_ref
    own = frozenset({"username", "password", _FILE, _COOKIES})
    yield Reference("Secret", names.proxy_login(server), own, only_serves=True)
    yield Reference("Secret", secret.name, frozenset({secret.key}), only_serves=True)
    yield from (reference._replace(only_serves=True) for reference in bundles(server))


def bundles(server: MLflowServer) -> list[Reference]:
    """The authorities of the issuer, if there are some."""
    said = wanted(server)
    return [authorities.reference(said.ca_bundle)] if said and said.ca_bundle else []


def login(user: str, word: str) -> dict[str, str]:
    """The Secret by which somebody gets in without the provider, from a word that was drawn outside."""
    # The word has as much chance in it as the digest can hold: nobody finds it from there.
    hashed = base64.b64encode(hashlib.sha1(word.encode(), usedforsecurity=False).digest()).decode()
    key = base64.urlsafe_b64encode(hashlib.sha256(f"{_COOKIES} {word}".encode()).digest()).decode()
    return {"username": user, "password": word, _FILE: f"{user}:{{SHA}}{hashed}\n", _COOKIES: key}


def arguments(server: MLflowServer, said: OAuth2Proxy, port: int) -> list[str]:
    """The flags; what comes from the spec is left as it is by the kubelet, and the spec's own flags are the last."""
    return [
        *_provider(said),
        *_people(said),
        *_serving(server, port),
        *_session(server, said),
        *_logging(server),
        *(literal(word) for word in said.extra_args),
    ]


def _provider(said: OAuth2Proxy) -> list[str]:
    found = [
        "--provider=oidc",
        literal(f"--oidc-issuer-url={said.issuer_url}"),
        literal(f"--client-id={said.client_id}"),
        "--code-challenge-method=S256",
        "--insecure-oidc-skip-nonce=false",
        # By default people are asked for their consent each time.
        "--approval-prompt=auto",
    ]
    if said.scopes:
        found.append(literal(f"--scope={' '.join(said.scopes)}"))
    if said.ca_bundle:
        found += [f"--provider-ca-file={trust.file(trust.ISSUER)}", "--use-system-trust-store=true"]
    return found


def _people(said: OAuth2Proxy) -> list[str]:
    """Who is let in; the operator, with its login from the file, counts as a member of the first group."""
    found = [
        *(f"--email-domain={domain}" for domain in said.email_domains),
        *(literal(f"--allowed-group={group}") for group in said.groups),
        *(literal(f"--oidc-extra-audience={audience}") for audience in said.audiences),
        "--skip-jwt-bearer-tokens=true",
        f"--htpasswd-file={_FOLDER}/{_FILE}",
        "--display-htpasswd-form=false",
    ]
    if said.groups_claim:
        found.append(literal(f"--oidc-groups-claim={said.groups_claim}"))
    return found + ([literal(f"--htpasswd-user-group={said.groups[0]}")] if said.groups else [])


def _serving(server: MLflowServer, port: int) -> list[str]:
    """Where it listens, to whom it hands on, and what nobody needs a login for.

    Headers like X-Forwarded-Uri are not believed, whoever sends them: they could name an open path for a closed one.
    """
    prefix, own = server.spec.network.static_prefix or "", _own_path(server)
    certificate = [f"--tls-cert-file={encryption.FOLDER}/{encryption.CERTIFICATE}"]
    key = [f"--tls-key-file={encryption.FOLDER}/{encryption.KEY}"]
    listening = [f"--https-address=:{port}", *certificate, *key] if server.spec.tls else [f"--http-address=:{port}"]
    return [
        *listening,
        "--reverse-proxy=false",
        f"--upstream=http://{HOST_BEHIND}:{PORT_BEHIND}",
        # MLflow answers an upload when all of it is in its store.
        "--upstream-timeout=0s",
        # MLflow sees a name beside the word "unused" instead of a login or a token that somebody has sent.
        "--basic-auth-password=unused",
        f"--proxy-prefix={own}",
        f"--ping-path={own}/ping",
        f"--ready-path={own}/ready",
        "--skip-provider-button=true",
        f"--skip-auth-route=GET=^{re.escape(prefix)}{HEALTH}$",
        # MLflow has artifacts without its prefix too.
        f"--api-route=^{f'({re.escape(prefix)})?' if prefix else ''}/({'|'.join(_PROGRAMS)})([/?]|$)",
    ]


def _session(server: MLflowServer, said: OAuth2Proxy) -> list[str]:
    """What a browser keeps; tokens are no part of it, as proxies refuse headers of many kilobytes."""
    return [
        f"--cookie-path={server.spec.network.static_prefix or '/'}",
        f"--cookie-secure={'true' if _by_https(server) else 'false'}",
        "--cookie-samesite=lax",
        f"--cookie-expire={said.session_ttl}",
        "--session-cookie-minimal=true",
    ]


def _logging(server: MLflowServer) -> list[str]:
    """Who asked for what; not the codes of logins in URLs, nor what clients send as a login that is none."""
    hidden = f'(and (eq (printf "%.{len(_SENT)}s" .Message) "{_SENT}")'
    known = f'(ne (printf "%.{len(_REFUSED)}s" .Message) "{_REFUSED}"))'
    told = f"{{{{if {hidden} {known}}}}}{_SENT}not shown{{{{else}}}}{{{{.Message}}}}{{{{end}}}}"
    prefix = server.spec.network.static_prefix or ""
    return [
        f"--standard-logging-format=[{{{{.Timestamp}}}}] [{{{{.File}}}}] {told}",
        "--silence-ping-logging=true",
        f"--exclude-logging-path={prefix}{HEALTH}",
        f"--exclude-logging-path={_own_path(server)}/callback",
    ]


def _by_https(server: MLflowServer) -> bool:
    """Whether browsers come by HTTPS alone; it decides also where the provider sends them back to."""
    origins = exposure.origins(server)
    return all(origin.startswith("https://") for origin in origins) if origins else server.spec.tls is not None


def _own_path(server: MLflowServer) -> str:
    return f"{server.spec.network.static_prefix or ''}/oauth2"


def _mounts(server: MLflowServer, said: OAuth2Proxy) -> list[Object]:
    found = [{"name": CONTAINER, "mountPath": _FOLDER, "readOnly": True}, *encryption.mounts(server)]
    return found + ([trust.mount(trust.ISSUER)] if said.ca_bundle else [])
