"""Logins at an OpenID provider, by oauth2-proxy in front of MLflow."""

from typing import Annotated

from pydantic import Field

from mlflow_operator.api.durations import Deadline
from mlflow_operator.api.meta import SecretKeyRef
from mlflow_operator.api.schema import ApiModel, Rule, list_set, rules
from mlflow_operator.api.server.pods import Resources
from mlflow_operator.api.server.serving import CaBundle
from mlflow_operator.api.urls import HTTP_URL

ALLOWED_ARGS = (
    "acr-values",
    "api-route",
    "cookie-name",
    "metrics-address",
    "oidc-audience-claim",
    "oidc-email-claim",
    "oidc-enabled-signing-alg",
    "prompt",
    "redirect-url",
    "request-logging",
    "tls-cipher-suite",
    "tls-min-version",
    "whitelist-domain",
)
"""Flags that the operator does not set, by which nobody gets in who would not, and that hold no secret."""
_ISSUER = (
    Rule("self.startsWith('https://')", "write an https:// URL: whoever changes the issuer's answers lets anybody in"),
    *HTTP_URL,
)
_FORWARD = (
    *HTTP_URL,
    Rule("!self.contains('@')", "use a proxy that asks for no login: pods show the URL to everybody"),
)
_ARGS = Rule(
    f"self.all(a, a.matches('^--({'|'.join(ALLOWED_ARGS)})=.+$'))",
    f"write --name=value with one of {', '.join(ALLOWED_ARGS)}; the operator sets the others, or nobody should",
)
_DOMAIN = r"^(\*|\.?([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]*[A-Za-z0-9])$"
# oauth2-proxy reads these as lists, in which a comma parts two and a quotation mark begins one.
_Item = Annotated[str, Field(min_length=1, max_length=256, pattern=r'^[^,"\r\n]+$')]
_Word = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-~]+$")]
_ScopeToken = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[!#-\[\]-~]+$")]
_Domain = Annotated[str, Field(min_length=1, max_length=253, pattern=_DOMAIN)]
_OPENID = Rule("self.size() == 0 || 'openid' in self", "add openid, without which the issuer gives no ID token")


class OAuth2Proxy(ApiModel):
    """Logins at an OpenID provider, by oauth2-proxy in front of MLflow."""

    issuer_url: Annotated[str, Field(max_length=2048, alias="issuerURL"), rules(*_ISSUER)]
    """Issuer as its tokens name it, such as https://login.example.com/realms/ml."""
    client_id: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-~]+$", alias="clientID")]
    """ID by which the issuer knows the server."""
    client_secret_ref: SecretKeyRef
    """The secret that goes with the ID."""
    email_domains: Annotated[list[_Domain], Field(min_length=1), list_set(max_items=64)]
    """Domains of the addresses that are let in; .example.com is all below it, * everybody whom the issuer lets in."""
    groups: Annotated[list[_Item], list_set(max_items=64)] = Field(default_factory=list)
    """Only who is in one of these groups is let in. Unset: groups do not matter."""
    groups_claim: _Word | None = None
    """Claim that has the groups. Unset: groups."""
    scopes: Annotated[list[_ScopeToken], list_set(max_items=32), rules(_OPENID)] = Field(default_factory=list)
    """Scopes that the issuer is asked for. Unset: openid, email and profile, and groups where groups are named."""
    audiences: Annotated[list[_Item], list_set(max_items=16)] = Field(default_factory=list)
    """Audiences of tokens that are taken beside clientID."""
    session_ttl: Annotated[Deadline, Field(alias="sessionTTL")] = "12h"
    """For how long a login holds in a browser, whatever becomes of the person at the issuer."""
    ca_bundle: CaBundle | None = None
    """Certificate authorities that are trusted for the issuer, beside the public ones."""
    https_proxy: Annotated[str, Field(max_length=2048), rules(*_FORWARD)] | None = None
    """Proxy by which the issuer is reached, such as http://proxy.example.com:3128. Unset: none is needed."""
    image: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9./:@_-]+$")] | None = None
    """Image of oauth2-proxy. Unset: the operator's default."""
    resources: Resources = Field(default_factory=Resources)
    """Compute resources of its container."""
    extra_args: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1024)]], Field(max_length=16), rules(_ARGS)
    ] = Field(default_factory=list)
    """More flags of oauth2-proxy, of those that let nobody in and hold no secret."""
