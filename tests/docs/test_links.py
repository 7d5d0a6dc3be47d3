"""Links between the pages of docs/, and the order in which they are read."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINKS = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))]


def anchors(page: Path) -> list[str]:
    """Return the anchors of a page's headings, as GitHub makes them, before it numbers those that are alike."""
    fenced = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", fenced, flags=re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize(("page", "target"), LINKS, ids=[f"{page.name} to {target}" for page, target in LINKS])
def test_a_link_leads_to_a_file_and_to_one_heading_of_it(page: Path, target: str) -> None:
    if target.startswith("https://"):
        return
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    assert path.exists()
    assert not anchor or anchors(path).count(anchor) == 1


def test_the_index_lists_every_other_page_once() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\d+\. \[.+?\]\((.+?\.md)\)", index, flags=re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES if page.name != "index.md"]
