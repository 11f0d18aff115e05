"""Generated files are what the code says, and --check notices when they are not."""

import shutil
from pathlib import Path

import pytest
import yaml

from mlflow_operator import generate
from mlflow_operator.api import crd

ROOT = Path(__file__).resolve().parents[2]
SERVERS = Path("crds/mlflowservers.yaml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what generating reads and writes."""
    for folder in ("charts", "crds"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in (generate.INSTALL, generate.REASONS):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_the_committed_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """--check on the repository is silent and succeeds."""
    code = generate.main(["--check"])
    assert (code, capsys.readouterr().out) == (0, "")


def test_a_changed_crd_is_noticed_and_left_alone(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check fails, shows both lines and does not write."""
    edited = (checkout / SERVERS).read_text().replace("maximum: 100\n", "maximum: 1000\n")
    (checkout / SERVERS).write_text(edited)
    assert generate.main(["--check"], checkout) == 1
    shown = capsys.readouterr().out
    assert "-                maximum: 1000\n" in shown
    assert "+                maximum: 100\n" in shown
    assert (checkout / SERVERS).read_text() == edited


def test_generating_repairs_what_was_edited_and_removes_what_is_left_over(checkout: Path) -> None:
    """One run brings the files back, and a second has nothing to do."""
    (checkout / SERVERS).write_text("edited")
    (checkout / generate.INSTALL).unlink()
    (checkout / "crds" / "gone.yaml").write_text("kind: CustomResourceDefinition")
    assert generate.main([], checkout) == 0
    assert generate.main(["--check"], checkout) == 0
    assert not (checkout / "crds" / "gone.yaml").exists()
    assert (checkout / SERVERS).read_text() == (ROOT / SERVERS).read_text()


def test_the_checkout_is_the_first_folder_with_the_chart(tmp_path: Path) -> None:
    """A package that is installed elsewhere generates in the working folder, or says what it misses there."""
    assert generate.find_root((tmp_path, ROOT)) == ROOT
    with pytest.raises(generate.CannotGenerate, match=r"charts/mlflow-operator/Chart\.yaml is missing"):
        generate.find_root((tmp_path,))


@pytest.mark.parametrize("kind", crd.KINDS, ids=lambda kind: kind.NAMES.plural)
def test_a_crd_file_holds_the_crd_without_anchors(kind: type) -> None:
    """The file reads back to what was built, and a person need not follow references."""
    definition = crd.build(kind)
    text = generate.dump(definition)
    assert yaml.safe_load(text) == definition
    assert "&id" not in text
    assert "*id" not in text


def test_the_manifest_has_the_namespace_and_the_crds_before_what_needs_them() -> None:
    """One `kubectl apply -f manifests/install.yaml` on an empty cluster finds everything in order."""
    kinds = [document["kind"] for document in yaml.safe_load_all((ROOT / generate.INSTALL).read_text())]
    first = ["Namespace", *["CustomResourceDefinition"] * len(crd.KINDS), "ServiceAccount"]
    assert kinds[: len(first)] == first
    assert kinds[-1] == "Deployment"


def test_a_reason_that_was_edited_by_hand_is_put_right(checkout: Path) -> None:
    """The table is the code's; the rest of the page stays as somebody has written it."""
    page = checkout / generate.REASONS
    written = page.read_text()
    page.write_text(written.replace("| Drifted | `DriftDetected` |", "| Gone | `DriftDetected` |") + "\nMore.\n")
    assert generate.main([], checkout) == 0
    assert page.read_text() == written + "\nMore.\n"


def test_what_helm_would_take_for_an_action_is_refused() -> None:
    """Two braces in a description are found when generating, not when a user installs."""
    definition = {"metadata": {"name": "x"}, "spec": {"description": "{{ .Values }}"}}
    with pytest.raises(generate.CannotGenerate, match=r"x: Helm would take \{\{"):
        generate.chart_template(definition)
