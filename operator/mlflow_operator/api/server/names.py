"""Names in pods that are the operator's own, so that what the spec adds to them has others."""

from mlflow_operator.api.schema import Rule

VOLUME_NAMES = Rule(
    "self.all(v, !(v.name in ['tmp', 'database', 'artifacts', 'backups', 'certificate'])"
    " && !v.name.endsWith('-authorities'))",
    "tmp, database, artifacts, backups, certificate and what ends in -authorities are volumes of the operator's own;"
    " choose another name",
)
CONTAINER_NAMES = Rule(
    "self.all(c, !(c.name in ['mlflow', 'prepare', 'restore', 'make-bucket', 'collect']))",
    "mlflow, prepare, restore, make-bucket and collect are containers of the operator's own; choose another name",
)
BESIDE_A_PROXY = Rule(
    "!(has(self.auth) && has(self.auth.oauth2Proxy)) || ("
    + " && ".join(
        f"(!has(self.{field}) || self.{field}.all(x, x.name != 'oauth2-proxy'))"
        for field in ("sidecars", "initContainers", "volumes")
    )
    + ")",
    "with auth.oauth2Proxy, oauth2-proxy is a container and a volume of the operator's own; choose another name",
)
"""Not of the lists themselves: who has a proxy of this name already keeps it, as long as the operator has none."""
