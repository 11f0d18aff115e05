"""Who may get in to an MLflowServer."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlflow_operator.api.durations import Seconds
from mlflow_operator.api.meta import SecretKeyRef
from mlflow_operator.api.schema import ApiModel, Name, Rule, SecretKey, exactly_one, list_map, one_at_most, rules
from mlflow_operator.api.server.oauth2_proxy import OAuth2Proxy

Granted = Literal["READ", "EDIT", "MANAGE"]
"""What MLflow lets a user do with a thing: read, write too, or delete it and let others in too."""
_RESERVED = Rule("self != 'mlflow-operator'", "mlflow-operator is the operator's own user; choose another name")
_UserName = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._@-]+$"), rules(_RESERVED)]
_Resource = Annotated[str, Field(min_length=1, max_length=256)]


class AdminCredentials(ApiModel):
    """A Secret with the administrator's login."""

    name: Name
    """Name of the Secret."""
    username_key: SecretKey = "username"
    """Key of the user name."""
    password_key: SecretKey = "password"
    """Key of the password: twelve characters at least."""


class Permission(ApiModel):
    """What a user may do: exactly one of experiment and model."""

    experiment: _Resource | None = None
    """Name of an experiment, which is made where it is not there, or * for all of them."""
    model: _Resource | None = None
    """Name of a registered model, or * for all of them."""
    permission: Granted
    """What the user may do with it."""

    RULES: ClassVar[tuple[Rule, ...]] = (exactly_one("experiment", "model"),)


class User(ApiModel):
    """A user that is always there; the operator never deletes one."""

    name: _UserName
    """Name of the user."""
    password_secret_ref: SecretKeyRef
    """The password: twelve characters at least."""
    permissions: Annotated[list[Permission], Field(max_length=64)] = Field(default_factory=list)
    """What the user may do beside defaultPermission; what others have granted is left alone."""


class BasicAuth(ApiModel):
    """MLflow's own logins, with user name and password."""

    admin_secret_ref: AdminCredentials | None = None
    """The administrator's login. Unset: the operator makes one."""
    default_permission: Literal["READ", "EDIT", "MANAGE", "NO_PERMISSIONS"] = "READ"
    """What every user may do with what nobody has said more of."""
    cache_ttl: Annotated[Seconds, Field(alias="cacheTTL")] = "60s"
    """For how long a login that was right is not checked again, and an old password still works; 0s: not at all."""
    users: Annotated[list[User], list_map("name", max_items=32)] = Field(default_factory=list)
    """Users that are always there."""


class Auth(ApiModel):
    """Who may get in: one member at most."""

    basic: BasicAuth | None = None
    """MLflow's own logins, with user name and password."""
    oauth2_proxy: OAuth2Proxy | None = None
    """Logins at an OpenID provider, by oauth2-proxy in front of MLflow."""

    RULES: ClassVar[tuple[Rule, ...]] = (one_at_most("basic", "oauth2Proxy"),)
