"""What stands in the documentation: pages, fenced snippets and words in code style."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]*?) -->\n+)?```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# A snippet that nothing runs says why.
_NOT_RUN = "not run: "


@dataclass(frozen=True)
class Snippet:
    """A fenced block. note: the comment right before it, which says how it is tested."""

    page: str
    line: int
    language: str
    code: str
    note: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def reason_not_to_run(self) -> str:
        return self.note.removeprefix(_NOT_RUN) if self.note.startswith(_NOT_RUN) else ""


@cache
def pages() -> dict[str, str]:
    """The text of each page for readers, by its path in the checkout; decisions are none."""
    folders = (ROOT / "docs", ROOT / "docs/runbooks")
    paths = [ROOT / "README.md", *(path for each in folders for path in sorted(each.glob("*.md")))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def snippets(page: str) -> list[Snippet]:
    """The fenced blocks of a page, in their order."""
    text = pages()[page]
    return [
        Snippet(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            found["code"],
            found["note"] or "",
        )
        for found in _FENCE.finditer(text)
    ]


def all_snippets() -> Iterator[Snippet]:
    for page in pages():
        yield from snippets(page)


def words(page: str) -> Iterator[str]:
    """What stands in code style within sentences and tables."""
    prose = _CODE.sub("", pages()[page])
    yield from (found[1] for found in _INLINE.finditer(prose))


def lines_of_code() -> Iterator[tuple[str, str]]:
    """Page and line: of every snippet, and every word in code style."""
    for page in pages():
        yield from ((page, word) for word in words(page))
        for snippet in snippets(page):
            joined = snippet.code.replace("\\\n", " ")
            yield from ((page, line) for line in joined.splitlines())
