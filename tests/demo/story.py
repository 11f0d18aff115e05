"""The story, chapter by chapter: from an empty cluster to predictions of the model in Production."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from cluster.host.errors import ClusterError
from cluster.nodes import images
from cluster.providers.provider import Cluster
from demo import installation
from demo.kubectl import Kubectl
from demo.narrator import Narrator

SAMPLES = "manifests/samples"
QUICKSTART, GOVERNED = f"{SAMPLES}/quickstart", f"{SAMPLES}/governed"
OFFICIAL_IMAGE = "ghcr.io/mlflow/mlflow:v3.17.2-full"

TRAINING, SERVING = "train-candidate-scoring", "serve-candidate-scoring"
TRAINING_TWO, GOVERNED_CLAIM = "train-governed-scoring", "governed-scoring-production"
STAGING, PRODUCTION = "candidate-scoring-staging", "candidate-scoring-production"


@dataclasses.dataclass(frozen=True)
class Profile:
    """One way to run MLflow: the sample of the server, what it stands for, and the images that it needs."""

    name: str
    text: str
    images: tuple[images.Image, ...]

    @property
    def server(self) -> str:
        """The sample of the MLflowServer."""
        return f"{SAMPLES}/{self.name}/mlflowserver.yaml"


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "quickstart",
            "One object asks for a tracking server with SQLite and a volume, and for the four experiments of the team.",
            (images.SERVER,),
        ),
        Profile(
            "production",
            "One object asks for PostgreSQL, an S3 store, and two replicas in front of them. The operator makes the"
            " credentials, prepares the database and the bucket, and only then starts the server.",
            (images.SERVER, images.POSTGRES, images.MINIO),
        ),
    )
}


@dataclasses.dataclass(frozen=True)
class Ending:
    """What the story came to."""

    training: str
    promotion: dict[str, Any]
    serving: str


class Story:
    """Tells the story in a namespace of its own; telling it again finds everything done."""

    def __init__(self, cluster: Cluster, profile: Profile, narrator: Narrator, namespace: str | None = None) -> None:
        self.namespace = namespace or profile.name
        self._cluster = cluster
        self._profile = profile
        self._narrator = narrator
        self._kubectl = Kubectl(cluster, narrator, self.namespace)

    def tell(self) -> Ending:
        """Tell all of it.

        Raises:
            ClusterError: something did not come true; what could explain it has been shown.
        """
        with self._explained():
            self.install()
            self.start_server()
            training = self.train()
            self.promote_to_staging()
            promotion = self.promote_to_production()
            return Ending(training, promotion, self.serve())

    def tell_of_governing(self) -> dict[str, Any]:
        """Tell how a slot is governed; the claim in the end.

        Raises:
            ClusterError: as `tell`.
        """
        with self._explained():
            return self.govern()

    def install(self) -> None:
        """The operator."""
        self._narrator.chapter(
            "Install the operator",
            "The chart brings MLflowServer (mls), ModelPromotion (mp), what belongs to them, and one small Deployment.",
        )
        self._narrator.command(installation.TYPED)
        self._narrator.output(installation.install(self._cluster))
        self._narrator.output("\n" + self._cluster.kubectl("-n", installation.NAMESPACE, "get", "pods"))

    def start_server(self) -> None:
        """The server."""
        self._narrator.chapter("Start MLflow", self._profile.text)
        for image in self._profile.images:
            self._cluster.load(image)
        # The strictest of the Pod Security Standards: nothing in this story needs more.
        namespace = (
            "apiVersion: v1\nkind: Namespace\n"
            f"metadata: {{name: {self.namespace}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}\n"
        )
        self._kubectl("apply", "-f", "-", text=namespace, typed=f"kubectl create namespace {self.namespace}")
        self._kubectl.apply(self._profile.server)
        self._kubectl.until_ready("mls/mlflow", seconds=420)
        self._kubectl("get", "mls,mp,pods")

    def train(self) -> str:
        """The training Job; returns the end of its log."""
        self._narrator.chapter(
            "Train a model",
            "A Job trains a logistic regression, logs it to the experiment scoring-models, and registers it.",
        )
        self._run(TRAINING, f"{QUICKSTART}/training-job.yaml")
        return self._kubectl.log_of(TRAINING, lines=2, seconds=300)

    def promote_to_staging(self) -> None:
        """The first promotion."""
        self._narrator.chapter(
            "Promote it to Staging", "A promotion says which version holds which slot. The file belongs into Git."
        )
        self._kubectl.apply(f"{QUICKSTART}/promotion-staging.yaml")
        self._kubectl.until_ready(f"mp/{STAGING}", seconds=90)

    def promote_to_production(self) -> dict[str, Any]:
        """The second promotion; returns the object."""
        self._narrator.chapter(
            "Promote it to Production",
            "This one asks that the version has been in Staging and has a signature, and moves the alias champion too.",
        )
        self._kubectl.apply(f"{QUICKSTART}/promotion.yaml")
        promotion = self._kubectl.until_ready(f"mp/{PRODUCTION}", seconds=90)
        self._kubectl("get", "mls,mp")
        return promotion

    def serve(self) -> str:
        """The serving Job; returns the end of its log."""
        self._narrator.chapter(
            "Use what is in Production",
            "A Job that knows the model's name and the stage, and no version, loads it and scores three candidates.",
        )
        self._run(SERVING, f"{QUICKSTART}/serving-job.yaml")
        return self._kubectl.log_of(SERVING, lines=4, seconds=300)

    def govern(self) -> dict[str, Any]:
        """A policy, two people, and two versions, of which one is good enough; returns the claim."""
        self._narrator.chapter(
            "Govern a slot",
            "A policy of the platform asks each version of a model for an accuracy, and for the yes of a second person."
            " alice may promote, bob may approve; the API server knows who is who.",
        )
        # Told again, this chapter begins anew: a claim that is put back to what holds its slot asks nobody.
        self._cluster.kubectl("-n", self.namespace, "delete", "mp", GOVERNED_CLAIM, "--ignore-not-found")
        for file in ("people", "policy"):
            self._kubectl.apply(f"{GOVERNED}/{file}.yaml")
        self._run(TRAINING_TWO, f"{GOVERNED}/training-job.yaml")
        self._kubectl.log_of(TRAINING_TWO, lines=2, seconds=300)
        self._kubectl.apply(f"{GOVERNED}/promotion.yaml", who="alice")
        self._kubectl.until_reason(f"mp/{GOVERNED_CLAIM}", "GateFailed", seconds=90)
        self._narrator.tell("Version 1 is not good enough, whoever wants it. Version 2 is, and waits for a person:")
        patch = ("patch", "mp", GOVERNED_CLAIM, "--type=merge", "-p", '{"spec": {"version": 2}}')
        self._kubectl(*patch, "--as=alice")
        asked = self._kubectl.until_reason(f"mp/{GOVERNED_CLAIM}", "ApprovalRequired", seconds=90)
        self._narrator.tell("bob runs the command of that message, which is:")
        self._kubectl("create", "-f", "-", "--as=bob", text=json.dumps(approval(asked, "bob")))
        return self._kubectl.until_ready(f"mp/{GOVERNED_CLAIM}", seconds=90)

    def look_back(self) -> tuple[str, str]:
        """Where everything stands, and how it came to that; two versions side by side, and the history of a slot."""
        self._narrator.chapter(
            "Look back", "The plugin of kubectl shows what there is, what is wrong, and who has let whom into a slot."
        )
        self._kubectl.mlflow("status")
        versions = self._kubectl.mlflow("diff", GOVERNED_CLAIM, "1", "2")
        return versions, self._kubectl.mlflow("history", GOVERNED_CLAIM)

    def farewell(self) -> None:
        """What to do next."""
        self._narrator.chapter("Have a look around", "Everything still runs. In another terminal:")
        self._narrator.command(f"export KUBECONFIG={self._cluster.kubeconfig}")
        self._narrator.command(f"kubectl -n {self.namespace} port-forward service/mlflow 5000")
        self._narrator.tell("and open http://localhost:5000. The history of the promotion:")
        self._narrator.command(f"kubectl -n {self.namespace} describe mp {PRODUCTION}")
        self._narrator.tell("Clean up:")
        self._narrator.command(f"kubectl delete namespace {self.namespace}")
        self._narrator.tell("or, with the cluster:")
        self._narrator.command("make cluster-down")

    def _run(self, job: str, file: str) -> None:
        """Apply the sample of a Job with the image that was built here."""
        self._kubectl.apply(file, replacing=(OFFICIAL_IMAGE, images.SERVER.reference))
        self._narrator.tell(f"  (the image of the Job {job} is the one built here)")

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """When the story breaks off, show what could say why."""
        try:
            yield
        except ClusterError as error:
            self._narrator.chapter("It broke off", "What could explain it:")
            self._narrator.output(str(error))
            for words in (("get", "mls,mp,pods,jobs,pvc", "-o", "wide"), ("get", "events", "--sort-by=.lastTimestamp")):
                with contextlib.suppress(ClusterError):
                    self._kubectl(*words)
            with contextlib.suppress(ClusterError):
                self._narrator.output(installation.log(self._cluster))
            raise


def approval(claim: dict[str, Any], who: str) -> dict[str, Any]:
    """What somebody says who approves exactly what a claim asks for."""
    meta, asked = claim["metadata"], claim["status"]["approval"]
    return {
        "apiVersion": claim["apiVersion"],
        "kind": "PromotionApproval",
        "metadata": {"generateName": f"{meta['name']}-"},
        "spec": {
            "promotionRef": {"name": meta["name"], "uid": meta["uid"]},
            "slots": asked["slots"],
            "attempt": asked["digest"],
            "decision": "Approve",
            "approver": who,
        },
    }
