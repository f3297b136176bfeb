"""Every fenced snippet of the documentation is run against a running product, or says why not."""

from collections import Counter

import pytest

from tests.docs.pages import Snippet, all_snippets, pages, snippets
from tests.docs.product import Product
from tests.docs.running import Terminal, within

RUN = {"bash", "python", "typescript", "json", "http", "sql"}
# What a program prints, and the table of constants that tests/attribution computes again.
SHOWN = {"text", "numbers"}
# Pages with blocks that are neither.
DRAWN = {"README.md", "docs/architecture.md"}
# Counted by page, so that leaving a snippet out is a choice that somebody sees.
NOT_RUN = {
    "docs/demo.md": 1,
    "docs/proof-archive.md": 1,
    "docs/proof.md": 1,
    "docs/quick-start.md": 1,
}


def runs(snippet: Snippet) -> bool:
    return snippet.language in RUN and not snippet.reason_not_to_run


def test_the_snippets_of_each_page_do_what_it_says(product: Product) -> None:
    """One test, so that one process starts one product for all of them."""
    failed = {page: error for page in pages() if (error := _error_of(page, product))}
    assert failed == {}


def _error_of(page: str, product: Product) -> str:
    """What went wrong first, or nothing."""
    terminal = Terminal(product)
    for snippet in filter(runs, snippets(page)):
        try:
            terminal.run(snippet)
        except Exception as error:  # noqa: BLE001  (snippets raise what they like)
            return f"{snippet.place}: {type(error).__name__}: {error}"
    return ""


def test_every_snippet_says_its_language() -> None:
    unsaid = {each.page for each in all_snippets() if each.language not in RUN | SHOWN}
    assert unsaid <= DRAWN


def test_snippets_that_nothing_runs_give_a_reason_and_are_counted() -> None:
    reasons = [each for each in all_snippets() if each.reason_not_to_run]
    assert Counter(each.page for each in reasons) == NOT_RUN, [
        f"{each.place}: {each.reason_not_to_run}" for each in reasons
    ]


@pytest.mark.parametrize(
    ("stated", "answered", "is_within"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": [{"b": "x…"}]}, {"a": [{"b": "xyz", "c": 1}]}, True),
        ({"a": "…"}, {}, False),
        ([1], 1, False),
    ],
)
def test_an_answer_holds_all_that_is_stated(
    stated: object, answered: object, *, is_within: bool
) -> None:
    assert within(stated, answered) is is_within
