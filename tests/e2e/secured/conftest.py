"""One server for the file of this folder: the production sample with HTTPS in its pods, and MLflow's logins."""

from collections.abc import Iterator

import pytest
import yaml

from cluster.host import folders
from cluster.providers.provider import Cluster
from cluster.services.team import Team, is_ready
from demo.story import PROFILES
from e2e.client import ClientPod
from e2e.secured.people import CACHE_SECONDS, FIRST, issue
from e2e.teams import START_SECONDS, give, restricted_team


@pytest.fixture(scope="module")
def team(node: Cluster) -> Iterator[Team]:
    """A team with that server, ready, as the manifest of the team has it."""
    with restricted_team(node) as team:
        give(team, "people", trainer=FIRST)
        issue(team)
        sample = yaml.safe_load((folders.CHECKOUT / PROFILES["production"].server).read_text())["spec"]
        trainer = {"name": "trainer", "passwordSecretRef": {"name": "people", "key": "trainer"}}
        users = [{**trainer, "permissions": [{"experiment": "*", "permission": "EDIT"}]}]
        basic = {"users": users, "cacheTTL": f"{CACHE_SECONDS}s"}
        protection = {"tls": {"secretName": "certificate"}, "auth": {"basic": basic}, "monitoring": {}}
        team.apply("MLflowServer", "mlflow", {**sample, **protection, "workers": 1})
        team.until("mlflowserver", "mlflow", is_ready, seconds=START_SECONDS)
        yield team


@pytest.fixture(scope="module")
def client(node: Cluster, team: Team) -> ClientPod:
    """A pod that trusts the team's authority and logs in as MLflow's client does, as the administrator."""
    keys = {
        "AUTHORITY": {"name": "certificate", "key": "ca.crt"},
        "MLFLOW_TRACKING_USERNAME": {"name": "mlflow-admin", "key": "username"},
        "MLFLOW_TRACKING_PASSWORD": {"name": "mlflow-admin", "key": "password"},
    }
    return ClientPod(node, team.namespace, "https://mlflow:5000", env=keys)
