"""Every object that the documentation shows, and every sample, is accepted by a real API server."""

from typing import Any

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane
from unit.documentation import PAGES, ROOT, page_id, snippets

pytestmark = pytest.mark.integration

SAMPLES = sorted((ROOT / "manifests" / "samples").rglob("*.yaml"))
FOREIGN = (
    *("argoproj.io", "kustomize.toolkit.fluxcd.io", "kustomize.config.k8s.io"),
    *("autoscaling.k8s.io", "keda.sh", "kueue.x-k8s.io", "gateway.networking.k8s.io"),
)
"""Groups of other projects, which this API server does not have; tests/ecosystem/test_docs.py has some."""


def objects(text: str) -> list[dict[str, Any]]:
    """The whole objects in a YAML text, as far as the API server can know them."""
    found = [item for item in yaml.safe_load_all(text) if {"apiVersion", "kind"} <= set(item)]
    return [item for item in found if not item["apiVersion"].startswith(FOREIGN)]


def documented() -> list[Any]:
    """The objects of each code block, under the page and number of the block."""
    blocks = [
        pytest.param(objects(text), id=f"{page_id(page)}-{number}")
        for page in PAGES
        for number, text in enumerate(snippets(page, "yaml"), 1)
    ]
    samples = [pytest.param(objects(file.read_text()), id=page_id(file)) for file in SAMPLES]
    return [block for block in blocks + samples if block.values[0]]


@pytest.mark.parametrize("items", documented())
def test_a_documented_object_is_accepted(installed: ControlPlane, namespace: str, items: list[dict[str, Any]]) -> None:
    """Server-side, with every rule of the CRD, and with a refusal of unknown fields."""
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    printed = installed.kubectl("-n", namespace, *words, text=yaml.safe_dump_all(items))
    assert printed.count("serverside-applied (server dry run)") == len(items)
