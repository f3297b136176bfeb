"""Templates obey the content security policy, and name only icons and files that exist."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
# Mail readers keep inline styles only, and no content policy applies to a message.
PAGES = sorted(
    page for page in TEMPLATES.rglob("*.html") if "email" not in page.relative_to(TEMPLATES).parts
)
FORBIDDEN = {
    "style attribute": r"<[^>]*\sstyle\s*=",
    "event attribute": r"<[^>]*\son[a-z]+\s*=",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "inline style sheet": r"<style\b",
    "remote resource": r"<(?:script|link|img|iframe)[^>]*(?:https?:)?//",
}
ICON_NAMES = re.compile(r"(?:parts/icon\.html\" with name=|(?:action_)?icon=)\"([\w-]+)\"")
STATIC_FILES = re.compile(r"\{% static '((?:css|js|img)/[^']+)' %\}")


def icon_ids() -> set[str]:
    """Ids of the symbols in the sprite."""
    sprite = ElementTree.parse(ROOT / "static/img/icons.svg")  # noqa: S314 - our own file
    return {symbol.attrib["id"] for symbol in sprite.iter("{http://www.w3.org/2000/svg}symbol")}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_page_holds_what_the_content_policy_refuses(name: str) -> None:
    offenders = [
        str(page.relative_to(TEMPLATES))
        for page in PAGES
        if re.search(FORBIDDEN[name], page.read_text())
    ]
    assert offenders == []


def test_every_icon_a_page_names_is_drawn() -> None:
    named = {name for page in PAGES for name in ICON_NAMES.findall(page.read_text())}
    assert len(named) > 20
    assert named - icon_ids() == set()


def test_every_static_file_a_page_names_exists() -> None:
    named = {name for page in PAGES for name in STATIC_FILES.findall(page.read_text())}
    assert {name for name in named if not (ROOT / "static" / name).is_file()} == set()
    assert "css/tokens.css" in named


def test_every_message_of_ours_has_a_text_and_an_html_part() -> None:
    texts = set(TEMPLATES.rglob("email/*_message.txt"))
    assert len(texts) > 10
    assert {text.name for text in texts if not text.with_suffix(".html").is_file()} == set()
