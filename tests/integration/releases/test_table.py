"""What the operator knows of MLflow's releases, against the packages of those that are installed."""

import pytest

from integration.releases.installed import RELEASES, said
from mlflow_operator.desired import releases

pytestmark = pytest.mark.integration

WHAT_IT_HAS = """
import inspect, json, os, pathlib
os.environ["_MLFLOW_STATIC_PREFIX"] = "/below"
import mlflow.server
from alembic.script import ScriptDirectory
from mlflow.cli import server
from mlflow.server.auth import sqlalchemy_store as users
from mlflow.store.artifact import artifact_repo, s3_artifact_repo
options = {option.name: option.envvar for option in server.params}
paths = {rule.rule for rule in mlflow.server.app.url_map.iter_rules()}
migrations = pathlib.Path(mlflow.__file__).parent / "store" / "db_migrations"
print(json.dumps({
    "head": ScriptDirectory(str(migrations)).get_current_head(),
    "UVICORN": "uvicorn_opts" in options,
    "HOST_CHECK": "allowed_hosts" in options and "cors_allowed_origins" in options,
    "PREFIX_OF_ALL": {"/below/health", "/below/version"} <= paths,
    "PASSES_ON_SIGTERM": "_forward_signal" in inspect.getsource(mlflow.server),
    "LINKS_FOR_DOWNLOADS": hasattr(s3_artifact_repo.S3ArtifactRepository, "get_download_presigned_url"),
    "PERMISSIONS": hasattr(users.SqlAlchemyStore, "grant_user_permission"),
    "alone": hasattr(mlflow.server, "_exec_cmd"),
    "variables": sorted(str(name) for name in options.values() if name),
}))
"""
# What the environment of the server tells each release.
VARIABLES = {
    *("MLFLOW_BACKEND_STORE_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT", "MLFLOW_ARTIFACTS_DESTINATION", "MLFLOW_WORKERS"),
    *("MLFLOW_SERVE_ARTIFACTS", "MLFLOW_STATIC_PREFIX", "MLFLOW_EXPOSE_PROMETHEUS"),
}


@pytest.mark.parametrize("version", RELEASES)
def test_a_release_has_what_the_table_says_and_nothing_more(version: str) -> None:
    """What is refused, or done in another way, is so in the package; and every variable is an option of its command."""
    has = said(version, WHAT_IT_HAS)
    assert has["head"] == releases.schema_head(version)
    names = ("UVICORN", "HOST_CHECK", "PREFIX_OF_ALL", "PASSES_ON_SIGTERM", "LINKS_FOR_DOWNLOADS", "PERMISSIONS")
    assert {name: has[name] for name in names} == {
        name: releases.has(version, getattr(releases, name)) for name in names
    }
    assert set(has["variables"]) >= VARIABLES
    assert has["alone"] or has["PASSES_ON_SIGTERM"]
