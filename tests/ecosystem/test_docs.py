"""What the documentation shows of other projects is accepted by an API server that has their kinds."""

from typing import Any

import pytest
import yaml

from cluster.plane.control_plane import ControlPlane
from unit.documentation import PAGES, page_id, snippets

pytestmark = pytest.mark.ecosystem

GROUPS = ("argoproj.io/", "autoscaling.k8s.io/", "kustomize.toolkit.fluxcd.io/")


def documented() -> list[Any]:
    """The objects of these groups, under the page and number of their block."""
    return [
        pytest.param(item, id=f"{page_id(page)}-{number}")
        for page in PAGES
        for number, text in enumerate(snippets(page, "yaml"), 1)
        for item in yaml.safe_load_all(text)
        if item.get("apiVersion", "").startswith(GROUPS)
    ]


@pytest.mark.usefixtures("argocd", "flux", "vpa")
@pytest.mark.parametrize("item", documented())
def test_a_documented_object_is_accepted(installed: ControlPlane, namespace: str, item: dict[str, Any]) -> None:
    """With every rule of the other project's CRD, and with a refusal of unknown fields."""
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    printed = installed.kubectl("-n", namespace, *words, text=yaml.safe_dump(item))
    assert "serverside-applied (server dry run)" in printed
