"""The demo comes true: from an empty namespace to predictions of the model in Production."""

import pytest

from cluster.providers.provider import Cluster
from demo.kubectl import Kubectl
from demo.narrator import Narrator
from demo.story import PROFILES, Profile, Story

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_the_story_comes_true(node: Cluster, node_namespace: str, profile: Profile) -> None:
    """Train, register, Staging, Production, load, govern: by the samples, in restricted pods; told again, no change."""
    story = Story(node, profile, Narrator(), node_namespace)
    ending = story.tell()
    assert "registered candidate_scoring_model version 1" in ending.training
    status = ending.promotion["status"]
    assert (status["slot"], status["currentVersion"]) == ("stage/Production", "1")
    assert status["modelURI"] == "models:/candidate_scoring_model/1"
    assert "the alias champion is version 1" in ending.serving
    assert [line.partition(":")[0] for line in ending.serving.splitlines()[1:]] == ["Ada", "Grace", "Linus"]
    governed = story.tell_of_governing()["status"]
    assert (governed["currentVersion"], governed["attempt"]["approvedBy"]) == ("2", ["bob"])
    assert governed["attempt"]["policies"] == ["governed-scoring@1"]
    versions, history = story.look_back()
    assert ("accuracy" in versions, "bob" in history) == (True, True)
    assert "GET /api/2.0/mlflow" in Kubectl(node, Narrator(), node_namespace).mlflow("logs", "mlflow")
    again = story.tell()
    assert again.promotion["metadata"]["resourceVersion"] == ending.promotion["metadata"]["resourceVersion"]
