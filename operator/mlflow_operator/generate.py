"""Writes what is made from the code: the CRDs, the chart's copies of them and its rules, and manifests/install.yaml.

It writes the table of reasons in the documentation too. ``mlflow-operator generate`` belongs to a checkout; ``--check``
writes nothing and fails when a file is out of date.
"""

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mlflow_operator.api import crd
from mlflow_operator.clients import kinds
from mlflow_operator.status import reasons

COMMAND = "make generate"
HEADER = f"# Generated from operator/mlflow_operator/api by `{COMMAND}`; do not edit.\n"
INSTALL_HEADER = f"# Generated from charts/mlflow-operator by `{COMMAND}`; do not edit.\n"
NAMESPACE = "mlflow-operator-system"

CHART = Path("charts/mlflow-operator")
CRDS = Path("crds")
CHART_CRDS = CHART / "templates" / "crds"
CHART_RULES = CHART / "templates" / "_rules.tpl"
INSTALL = Path("manifests/install.yaml")
REASONS = Path("docs/modelpromotion.md")
"""The page that has the table of reasons; all else in it is written by hand."""

# What others refer to comes first, so that one `kubectl apply` never names what is not there yet.
_ORDER = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "PodDisruptionBudget",
)


class CannotGenerate(Exception):
    """Something that generating needs is not here; the message says what."""


class _PlainDumper(yaml.SafeDumper):
    """YAML as a person would write it: without anchors and aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def main(argv: Sequence[str], root: Path | None = None) -> int:
    """Write the generated files, or with --check say which are out of date; return the exit code."""
    parser = argparse.ArgumentParser(prog="mlflow-operator generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; print a diff, exit 1 if there is one")
    options = parser.parse_args(argv)
    try:
        root = root or find_root((Path(__file__).resolve().parents[2], Path.cwd()))
        stale = _bring(root, {CHART_RULES: chart_rules()}, check=options.check)  # the rest is rendered with them
        stale += _bring(root, {**dict.fromkeys(orphans(root)), **generated(root)}, check=options.check)
    except CannotGenerate as missing:
        sys.stderr.write(f"mlflow-operator generate: {missing}\n")
        return 2
    if options.check and stale:
        sys.stderr.write(f"{stale} generated files are out of date; run `{COMMAND}`\n")
    return int(options.check and bool(stale))


def _bring(root: Path, wanted: Mapping[Path, str | None], *, check: bool) -> int:
    """Write the files, or show what is wrong with them; how many were not as they should be."""
    stale = {path: text for path, text in wanted.items() if _read(root / path) != (text or "")}
    for path, text in stale.items():
        if check:
            sys.stdout.writelines(_diff(path, _read(root / path), text or ""))
        else:
            _write(root / path, text)
            sys.stdout.write(f"{'removed' if text is None else 'wrote'} {path}\n")
    return len(stale)


def find_root(candidates: Iterable[Path]) -> Path:
    """The first of the folders that is a checkout.

    Raises:
        CannotGenerate: None holds the chart.
    """
    for folder in candidates:
        if (folder / CHART / "Chart.yaml").is_file():
            return folder
    raise CannotGenerate(f"{CHART}/Chart.yaml is missing; run it in a checkout of the repository")


def generated(root: Path) -> dict[Path, str]:
    """Every generated file but the rules, relative to the root, with what it should hold."""
    files: dict[Path, str] = {}
    crds = [crd.build(kind) for kind in crd.KINDS]
    for kind, definition in zip(crd.KINDS, crds, strict=True):
        name = f"{kind.NAMES.plural}.yaml"
        files[CRDS / name] = HEADER + dump(definition)
        files[CHART_CRDS / name] = chart_template(definition)
    files[REASONS] = with_reasons((root / REASONS).read_text())
    files[INSTALL] = install(crds, render(root / CHART, NAMESPACE, {"crds": {"install": False}}))
    return files


def orphans(root: Path) -> Iterator[Path]:
    """Files that a kind has left behind that is no more."""
    known = {f"{kind.NAMES.plural}.yaml" for kind in crd.KINDS}
    for folder in (CRDS, CHART_CRDS):
        yield from (folder / file.name for file in (root / folder).glob("*.yaml") if file.name not in known)


def with_reasons(page: str) -> str:
    """The page of ModelPromotion with the table of its reasons as the code has it."""
    head, *rows = reasons.table()
    before, found, rest = page.partition(head)
    if not found:
        raise CannotGenerate(f"{REASONS} has no table that begins with {head}")
    return before + "\n".join([head, *rows]) + "\n\n" + rest.partition("\n\n")[2]


def dump(document: dict[str, Any]) -> str:
    """One YAML document in the order in which it was built."""
    return yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, width=120, allow_unicode=True)


def chart_template(definition: dict[str, Any]) -> str:
    """The CRD as a template of the chart.

    Helm installs the chart's crds/ folder once and never upgrades it, so a user would run a new operator on an old
    schema. A template is upgraded; the annotation keeps `helm uninstall` from deleting every object of the kind.
    """
    metadata = definition["metadata"] | {"annotations": {"helm.sh/resource-policy": "keep"}}
    text = dump(definition | {"metadata": metadata})
    if "{{" in text:
        raise CannotGenerate(f"{definition['metadata']['name']}: Helm would take {{{{ for the start of an action")
    return f"{HEADER}{{{{- if .Values.crds.install }}}}\n{text}{{{{- end }}}}\n"


def chart_rules() -> str:
    """The chart's template with what the operator may do with each kind."""
    source = "operator/mlflow_operator/clients/kinds.py"
    lines = [f"{{{{- /* Generated from {source} by `{COMMAND}`; do not edit. */ -}}}}"]
    for name, clusterwide in (("kinds", False), ("clusterKinds", True)):
        lines.append(f'{{{{- define "mlflow-operator.{name}" -}}}}')
        for group, plurals, verbs in kinds.rules(clusterwide=clusterwide):
            lines += [
                f"- apiGroups: [{group or chr(34) * 2}]",
                f"  resources: [{', '.join(plurals)}]",
                f"  verbs: [{', '.join(verbs)}]",
            ]
        lines.append("{{- end }}")
    return "\n".join([*lines, ""])


def install(crds: Sequence[dict[str, Any]], objects: Sequence[dict[str, Any]]) -> str:
    """All that `kubectl apply -f` needs: the namespace, the CRDs and the rendered chart."""
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }
    documents = sorted([namespace, *crds, *objects], key=_rank)
    return INSTALL_HEADER + "---\n".join(dump(document) for document in documents)


def render(chart: Path, namespace: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The objects of a chart, as `helm template` would print them.

    Raises:
        CannotGenerate: The Helm library is missing.
        helm_python.HelmError: The values do not fit the chart, or a template fails.
    """
    try:
        import helm_python  # noqa: PLC0415 - a tool of developers; the operator's image does not have it
    except ImportError:
        raise CannotGenerate("the Python package helm-python-sdk is missing; run `make setup`") from None
    with helm_python.Chart.load(chart) as loaded:
        manifests = loaded.render(values, name="mlflow-operator", namespace=namespace)
    texts = [manifests[path] for path in sorted(manifests) if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def _rank(document: dict[str, Any]) -> int:
    return _ORDER.index(document["kind"]) if document["kind"] in _ORDER else len(_ORDER)


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _write(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _diff(path: Path, old: str, new: str) -> Iterator[str]:
    return difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"{path} (as it is)", f"{path} (as it should be)"
    )
