"""docs/cli.md and the pictures of the README are what these commands print: GOLDEN=update writes them again."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane
from cluster.services.operator_process import OperatorProcess
from cluster.services.registry import Registry
from cluster.services.team import Team, has_reason
from integration.kubectl.pictures import picture
from integration.kubectl.terminal import Terminal
from integration.people import People
from unit.documentation import DOCS, snippets

pytestmark = pytest.mark.integration

PAGE = DOCS / "cli.md"
NAMESPACE, MODEL, CLAIM = "team-a", "fraud-detector", "fraud-production"
PROMPT = "$ kubectl mlflow "
PICTURES = ("status", "plan")
"""Commands of which the README has a picture: the first of each."""
BROKEN = {
    "backendStore": {"uriSecretRef": {"name": "database", "key": "uri"}},
    "artifactStore": {"persistentVolume": {"size": "1Gi"}},
}
_BLOCK = re.compile(r"```console\n(\$ kubectl mlflow [^\n]*)\n(.*?)```", re.DOTALL)
_VOLATILE = (
    (re.compile(r"until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"), "until 2026-03-05 10:00:00Z"),
    (re.compile(r"(?<!until )\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"), "2026-03-02 10:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z"), "2026-03-05T10:00Z"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "3b1f8c0de5a94c7f9b6a2d415e8f7c6b0a9d8e7f6c5b4a39281706f5e4d3c2b1"),
    (re.compile(rf"promotionapproval {CLAIM}-\w+"), f"promotionapproval {CLAIM}-x7k2p"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "http://mlflow.example.com"),
)
"""What differs from one run to the next, and what stands for it on the page."""


class Story:
    """The commands of the page in a namespace of that name, with their outputs."""

    def __init__(self, people: People, terminal: Terminal, folder: Path) -> None:
        self.people = people
        self.team = people.team
        self.terminal = terminal
        self.folder = folder
        (self.wanted,) = [text for text in snippets(PAGE, "yaml") if "ModelPromotion" in text]
        self.printed: dict[str, str] = {}
        self.pictures: dict[str, str] = {}

    def type(self, who: str, command: str, code: int = 0) -> None:
        """Run a command of the page as somebody, and keep what a terminal would show."""
        line = f"{PROMPT}{command} -n {NAMESPACE}"
        words = shlex.split(line.removeprefix(PROMPT))
        argv = [sys.executable, "-m", "mlflow_operator.kubectl", *words, "--as", who]
        self.printed[line] = self._run(argv, code, {})
        if words[0] in PICTURES and words[0] not in self.pictures:
            coloured = self._run(argv, code, {"FORCE_COLOR": "1"})
            self.pictures[words[0]] = picture(line.removeprefix("$ "), coloured, words[0])

    def _run(self, argv: list[str], code: int, more: dict[str, str]) -> str:
        env, both = self.terminal.environment | more, subprocess.STDOUT
        done = subprocess.run(
            argv, env=env, cwd=self.folder, stdout=subprocess.PIPE, stderr=both, text=True, check=False
        )
        assert done.returncode == code, done.stdout
        text = done.stdout
        for pattern, instead in _VOLATILE:
            text = pattern.sub(instead, text)
        return "".join(f"{part.rstrip()}\n" for part in text.strip().splitlines())

    def until(self, reason: str) -> None:
        """Wait until the claim has a reason."""
        self.team.until("modelpromotion", CLAIM, has_reason(reason))


@pytest.fixture
def story(asking: ControlPlane, operator: OperatorProcess, registry: Registry, tmp_path: Path) -> Iterator[Story]:
    """A team with a server and a broken one, a model, and files with what they want."""
    asking.kubectl("create", "namespace", NAMESPACE)
    team = Team(asking, NAMESPACE)
    people = People(team)
    people.bind()
    asking.kubectl("-n", NAMESPACE, "create", "rolebinding", "vera", "--clusterrole=view", "--user=vera")
    team.external_server(registry.url)
    team.apply("MLflowServer", "experiments", BROKEN)
    team.until("mlflowserver", "experiments", has_reason("SecretNotFound"))
    registry.create_model(MODEL, versions=5)
    for auc in (0.91, 0.94, 0.82):
        registry.add_measured_version(MODEL, registry.run(val_auc=auc, val_loss=round(1 - auc, 2)))
    found = Story(people, Terminal(asking, NAMESPACE), tmp_path)
    for name, version in ((CLAIM, 7), (f"{CLAIM}-8", 8)):
        claim = yaml.safe_load(found.wanted)
        claim["spec"]["version"] = version
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(claim))
    yield found
    asking.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def tell(story: Story) -> None:
    """The page from its beginning to its end."""
    gates = yaml.safe_load(story.wanted)["spec"]["gates"]
    story.people.ask("alice", CLAIM, MODEL, 6, gates={"metrics": gates["metrics"]})
    story.until("Promoted")
    story.type("vera", "status", code=1)
    story.type("erin", "doctor mls/experiments", code=1)
    story.type("alice", f"diff {CLAIM} 7")
    story.type("alice", f"plan -f {CLAIM}.yaml")
    story.type("alice", f"plan -f {CLAIM}-8.yaml", code=1)
    story.type("alice", f"plan -f {CLAIM}-8.yaml -o markdown", code=1)
    story.people.ask("alice", CLAIM, MODEL, 6, gates=gates)
    story.until("Promoted")
    story.type("alice", f"promote {CLAIM} --version 7")
    story.until("ApprovalRequired")
    story.type("bob", f"approve {CLAIM} --yes")
    story.until("Promoted")
    story.people.ask("alice", CLAIM, MODEL, 6, gates=gates)
    story.until("ApprovalRequired")
    story.type("carol", f"reject {CLAIM} --reason 'recall fell by 4 points' --yes")
    story.until("Rejected")
    story.type("erin", f"promote {CLAIM} --version 7 --dry-run", code=3)
    story.type("vera", f"history {CLAIM}")
    story.type("alice", f"rollback {CLAIM} --dry-run")
    story.type("vera", "ui mlflow --no-open")


def test_the_page_shows_what_the_commands_print(story: Story) -> None:
    """Each of its blocks with the output of this run, and no command that was not typed."""
    page = PAGE.read_text()
    shown = {command for command, _ in _BLOCK.findall(page)}
    tell(story)
    assert shown == story.printed.keys()
    made = _BLOCK.sub(lambda block: f"```console\n{block[1]}\n{story.printed[block[1]]}```", page)
    for file, content in ({PAGE: made} | {image(name): drawn for name, drawn in story.pictures.items()}).items():
        if os.environ.get("GOLDEN") == "update":
            file.write_text(content)
        assert file.read_text() == content, "GOLDEN=update writes the page and its pictures again"


def image(name: str) -> Path:
    """Where the picture of a command is."""
    return DOCS / "images" / f"kubectl-mlflow-{name}.svg"
