"""The operator's settings: read once from the environment, frozen, passed in."""

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from mlflow_operator import __version__

PREFIX = "MLFLOW_OPERATOR_"

_SERVICE_LINK = re.compile(r"(.+_)?(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?)")
"""What the kubelet tells pods of Services, one named mlflow-operator too, unless service links are switched off."""


_LISTS = ("NAMESPACES", "EXTERNAL_HOSTS")
_SHORTEST = 1.0
"""Seconds; whatever is done more often than that only keeps others from their work."""


class SettingsError(ValueError):
    """A variable that does not fit; the text names it, and says what fits."""


class Images(BaseModel):
    """Images that the operator starts; {version} stands for the MLflow release."""

    model_config = ConfigDict(frozen=True)

    server: str = "ghcr.io/mlflow/mlflow:v{version}-full"
    postgres: str = "docker.io/library/postgres:17"
    toolbox: str = f"ghcr.io/talentflow-ai/mlflow-operator-toolbox:{__version__}"
    object_store: str = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
    oauth2_proxy: str = "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6"
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None


_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"

Namespace = Annotated[str, Field(pattern=f"^{_LABEL}$")]
Lease = Annotated[str, Field(pattern=f"^({_LABEL}/{_LABEL})?$")]
HostGlob = Annotated[str, Field(pattern=r"^[A-Za-z0-9.*?:_\[\]-]+$")]
Seconds = Annotated[float, Field(gt=0, le=604800, allow_inf_nan=False)]


class Settings(BaseModel):
    """Everything that an operator process can be told; durations in seconds."""

    model_config = ConfigDict(frozen=True)

    namespaces: tuple[Namespace, ...] = ()
    """Namespaces to look after, by their whole names; empty: all."""
    external_hosts: tuple[HostGlob, ...] = ()
    """Globs of hosts, or of ``host:port``, that external servers may be at; empty: any."""
    lease: Lease = ""
    """Namespace and name of the Lease by which one of several processes works; empty: this one is alone."""
    policies: bool = True
    """Ask PromotionPolicies; without it the operator neither lists nor watches them, and none holds."""
    cluster_domain: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] = "cluster.local"
    user_ids: Literal["Fixed", "Platform"] = "Fixed"
    """As whom the pods of servers run where their spec does not say: 65532 and 999, or as the platform chooses."""
    approvals: Literal["Refuse", "Count"] = "Refuse"
    """Count says that the API server checks who makes PromotionApprovals; what nobody checks is refused."""
    job_gates: bool = False
    """Whether pods are started for the gates of claims: whoever writes a claim has to be asked whether he may."""
    images: Images = Images()
    workers: Annotated[int, Field(ge=1, le=64)] = 16
    """Objects reconciled at the same time."""
    rollouts: Annotated[int, Field(ge=1, le=100)] = 1
    """Servers whose pods are replaced at the same time where another operator, or a setting, builds them otherwise."""
    resync: Seconds = 600
    """Every object is looked at again after this long, give or take a tenth."""
    relist: Seconds = 300
    """Everything is listed this often, to find what a watch has missed."""
    registry_poll: Seconds = 30
    """Every promoted model is looked up in its registry this often."""
    server_probe: Seconds = 60
    """Every server is asked this often whether it works."""
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /metrics, /healthz and /readyz; 0: none."""
    http_host: str = ""
    """Address that they are on; empty: all of both families."""
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read MLFLOW_OPERATOR_*; a comma separates namespaces and hosts, IMAGE_* names images, empty means unset.

        Raises:
            SettingsError: A value does not fit, or there is no such setting.
        """
        given = {k.removeprefix(PREFIX): v for k, v in environ.items() if k.startswith(PREFIX) and v != ""}
        names = {name.upper(): name for name in cls.model_fields if name != "images"}
        images = {f"IMAGE_{name.upper()}": name for name in Images.model_fields}
        _refuse_unknown(given, [*names, *images])
        values: dict[str, Any] = {
            name: _value(variable, given[variable]) for variable, name in names.items() if variable in given
        }
        values["images"] = {name: given[variable] for variable, name in images.items() if variable in given}
        try:
            found = cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError("; ".join(_sentence(item) for item in error.errors())) from error
        for name, field in cls.model_fields.items():
            if field.annotation is float and getattr(found, name) < _SHORTEST:
                raise SettingsError(f"{PREFIX}{name.upper()} is {values[name]}; write {_SHORTEST:g} or more seconds")
        return found


def _value(variable: str, text: str) -> str | list[str]:
    if variable not in _LISTS:
        return text
    found = [item.strip() for item in text.split(",") if item.strip()]
    if not found:
        raise SettingsError(f"{PREFIX}{variable} is {text!r}, which names nothing; unset it to mean everything")
    return list(dict.fromkeys(found))


def _refuse_unknown(given: Mapping[str, str], known: list[str]) -> None:
    for variable in given:
        if variable in known or _SERVICE_LINK.fullmatch(variable):
            continue
        near = difflib.get_close_matches(variable, known, n=1)
        instead = f"{PREFIX}{near[0]}" if near else f"one of {', '.join(sorted(known))}"
        raise SettingsError(f"there is no setting {PREFIX}{variable}; write {instead}, or unset it")


def _sentence(item: ErrorDetails) -> str:
    """What pydantic found, without its class names and links."""
    first, *rest = (str(part).upper() for part in item["loc"])
    name = f"IMAGE_{rest[0]}" if first == "IMAGES" and rest else first
    return f"{PREFIX}{name} is {str(item['input'])[:80]!r}: {item['msg']}"
