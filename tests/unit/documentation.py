"""The documentation as the tests read it: pages, their links, tables and code blocks."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG"))])

_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)"  # [text](target), ![text](target)
    r"|^\[[^\]]+\]: (\S+)$",  # [name]: target
    re.MULTILINE,
)
_CODE = re.compile(r"`([^`]+)`")


def page_id(page: Path) -> str:
    """A test's id."""
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text())


def snippets(page: Path, *languages: str) -> list[str]:
    """The code blocks of a page in these languages."""
    return [text for _, language, text in _FENCE.findall(page.read_text()) if language in languages]


def words(text: str) -> list[str]:
    """What is written as code in a text."""
    return _CODE.findall(text)


def tables(page: Path, heading: str) -> list[list[str]]:
    """The rows of every table on a page whose first column has this heading, without their heads."""
    rows: list[list[str]] = []
    inside = False
    for line in prose(page).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == heading:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            rows.append(cells)
    return rows


def named(page: Path, heading: str, column: int = 0) -> list[str]:
    """What is written as code in a column of those tables."""
    return [word for row in tables(page, heading) for word in words(row[column])]


def links(page: Path) -> Iterator[str]:
    """Every link and image of a page that leads to this repository."""
    for groups in _LINK.findall(prose(page)):
        target = next(filter(None, groups))
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    seen: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found
