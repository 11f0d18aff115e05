"""The operator's settings: read once from the environment, frozen, passed in."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "MLFLOW_OPERATOR_"


class Images(BaseModel):
    """Images that the operator starts; {version} stands for the MLflow release."""

    model_config = ConfigDict(frozen=True)

    server: str = "ghcr.io/mlflow/mlflow:v{version}-full"
    postgres: str = "docker.io/library/postgres:17"
    object_store: str = "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None


class Settings(BaseModel):
    """Everything that an operator process can be told; durations in seconds."""

    model_config = ConfigDict(frozen=True)

    namespaces: tuple[str, ...] = ()
    """Namespaces to look after; empty: all."""
    cluster_domain: str = "cluster.local"
    images: Images = Images()
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    """Objects reconciled at the same time."""
    resync: Annotated[float, Field(gt=0)] = 600
    """Every object is looked at again after this long, give or take a tenth."""
    relist: Annotated[float, Field(gt=0)] = 300
    """Everything is listed this often, to find what a watch has missed."""
    registry_poll: Annotated[float, Field(gt=0)] = 30
    """Every promoted model is looked up in its registry this often."""
    server_probe: Annotated[float, Field(gt=0)] = 60
    """Every server is asked this often whether it works."""
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /metrics, /healthz and /readyz; 0: none."""
    http_host: str = "0.0.0.0"  # noqa: S104 - probes and Prometheus come from outside the pod
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read MLFLOW_OPERATOR_*; a comma separates namespaces, IMAGE_* names images.

        Raises:
            pydantic.ValidationError: A value does not fit; the message names the setting.
        """
        given = {k.removeprefix(PREFIX).lower(): v for k, v in environ.items() if k.startswith(PREFIX) and v != ""}
        images = {k.removeprefix("image_"): given.pop(k) for k in list(given) if k.startswith("image_")}
        namespaces = tuple(n.strip() for n in given.pop("namespaces", "").split(",") if n.strip())
        return cls.model_validate({**given, "namespaces": namespaces, "images": images})
