"""An MLflow that somebody has, as the setup with docker-compose makes it, becomes a server of the operator."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from cluster.services.minio import Minio
from cluster.services.postgres import Postgres
from integration.releases.leaving import NEW, OLD, TRAIN, USE, Left, leave, of_page, rewrite
from integration.releases.running import on_stores, on_volumes, prepare, ran, running
from mlflow_operator.desired import releases

pytestmark = pytest.mark.integration

PLACE = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
print(json.dumps(mlflow.get_run(sys.argv[2]).info.artifact_uri))
"""
LOG = """
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("scoring-models")
with mlflow.start_run() as run:
    mlflow.log_text("new", "note.txt")
print(json.dumps(run.info.artifact_uri))
"""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What an old server has left behind."""
    return leave(tmp_path_factory.mktemp("old"))


def brought(left: Left, folder: Path) -> dict[str, Any]:
    """The spec of a server with its volumes in a folder, onto which that was copied."""
    spec = on_volumes(NEW, folder)
    shutil.copy(left.kept / "mlflow.db", folder / "mlflow.db")
    shutil.copytree(left.kept / "artifacts", folder / "artifacts", dirs_exist_ok=True)
    return spec


def test_sqlite_and_a_folder_are_taken_over(left: Left, tmp_path: Path) -> None:
    """Of 2.10.0, by the page's own statements: old and new clients load what was in Production, and log on.

    Where places are still paths, metadata are there and files are not found, as the page says.
    """
    new, paths = tmp_path / "new", tmp_path / "paths"
    specs = [brought(left, folder) for folder in (new, paths)]
    rewrite(new / "mlflow.db", left.path)
    for spec, folder in zip(specs, (new, paths), strict=True):
        database = prepare(spec, folder)["database"]
        assert (database["was"], database["revision"]) == (releases.schema_head(OLD), releases.schema_head(NEW))
    with running(*zip(specs, (new, paths), strict=True)) as (server, mistaken):
        for client in (NEW, OLD):
            assert ran(client, USE, server.url, left.run) == ["seen", 0.85, 7.0]
        assert ran(NEW, LOG, server.url).startswith("mlflow-artifacts:/1/")
        assert ran(NEW, PLACE, mistaken.url, left.run).startswith(str(left.path))
        with pytest.raises(AssertionError, match=r"Failed to download artifacts from path 'note\.txt'"):
            ran(NEW, USE, mistaken.url, left.run)


def test_the_database_of_an_old_release_is_taken_over_where_it_is(
    postgres: Postgres, minio: Minio, tmp_path: Path
) -> None:
    """PostgreSQL and S3: the same stores under a later release have all that was in them; statements fit it as well."""
    spec = on_stores(OLD, postgres, minio, "moved")
    assert prepare(spec, tmp_path)["database"]["ok"]
    with running((spec, tmp_path)) as (server,):
        run = ran(OLD, TRAIN, server.url)
    spec = spec | {"version": NEW}
    database = prepare(spec, tmp_path)["database"]
    assert (database["was"], database["revision"]) == (releases.schema_head(OLD), releases.schema_head(NEW))
    assert sorted(postgres.sql(of_page()[0], "moved").splitlines()) == ["mlflow-artifacts:/0", "mlflow-artifacts:/1"]
    postgres.sql("\n".join(of_page()[1:]), "moved")
    with running((spec, tmp_path)) as (server,):
        assert ran(NEW, USE, server.url, run) == ["seen", 0.85, 7.0]
