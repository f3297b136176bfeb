"""Every reason that the gateway records has a sentence, and stands in docs/levers.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.portal.reasons import REASONS, told
from tests.docs.pages import ROOT

_DECIDING = {"Nothing", "Decision", "decide", "Plan", "Choice"}
_FOLDERS = ("apps/proxy/stages", "apps/optimization/prefix", "apps/optimization/routing")
_ACTIONS = {"act", "shadow", "none"}


def _words(path: Path) -> Iterator[str]:
    """What is written out where something is decided."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and _name(node.func) in _DECIDING:
            for argument in ast.walk(node):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _recorded() -> set[str]:
    files = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return {word for path in files for word in _words(path)} - _ACTIONS


def test_the_gateway_writes_reasons_out_where_it_decides() -> None:
    assert {"miss", "cold", "keyed", "again", "flex_refused"} <= _recorded()


@pytest.mark.parametrize("word", sorted(_recorded()))
def test_what_the_gateway_records_has_a_sentence(word: str) -> None:
    assert word in REASONS


@pytest.mark.parametrize("word", sorted(REASONS))
def test_what_has_a_sentence_stands_in_the_documentation(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs/levers.md").read_text()


def test_a_record_of_a_later_gateway_is_told_in_its_own_words() -> None:
    assert told("too_blue") == "Too blue"
