"""Every reason that the gateway records has a sentence, and stands in docs/levers.md."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from apps.optimization.routing import Needs
from apps.portal.reasons import REASONS, told
from tests.docs.pages import ROOT

_DECIDING = {"Nothing", "Decision", "decide", "Plan", "Choice"}
_FOLDERS = ("apps/proxy/stages", "apps/optimization/prefix", "apps/optimization/routing")
_ACTIONS = {"act", "shadow", "none"}
# Where functions return a reason, or the first part of one.
_ANSWERING = (
    "apps/proxy/stages/shaping/options.py",
    "apps/proxy/stages/reusing/exact.py",
    "apps/proxy/stages/reusing/semantic.py",
    "apps/optimization/routing/deciding.py",
)


def _words(path: Path) -> Iterator[str]:
    """What is written out where something is decided."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and _name(node.func) in _DECIDING:
            for argument in ast.walk(node):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _returned(path: Path) -> Iterator[str]:
    """Whole words that a function of the file returns, or keeps as the reason."""
    for node in ast.walk(ast.parse(path.read_text())):
        is_kept = isinstance(node, ast.Assign) and "reason" in ast.unparse(node.targets[0])
        if isinstance(node, ast.Return) or is_kept:
            yield from _plain(node)


def _plain(node: ast.AST) -> Iterator[str]:
    """Words that stand there as they are: neither given to a call, built, nor compared with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    if not isinstance(node, ast.Call | ast.JoinedStr | ast.Compare):
        for each in ast.iter_child_nodes(node):
            yield from _plain(each)


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _recorded() -> set[str]:
    abilities = {each.name for each in fields(Needs)} - {"context_tokens"} | {"context"}
    files = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py")]
    decided = {word for path in files for word in _words(path)} - _ACTIONS
    returned = {word for path in _ANSWERING for word in _returned(ROOT / path)}
    return decided | returned | {f"lacks_{name}" for name in abilities}


def test_the_gateway_writes_reasons_out_where_it_decides() -> None:
    assert {"miss", "cold", "keyed", "no_credential", "in_flight"} <= _recorded()


@pytest.mark.parametrize("word", sorted(_recorded()))
def test_what_the_gateway_records_has_a_sentence(word: str) -> None:
    assert word in REASONS


@pytest.mark.parametrize("word", sorted(REASONS))
def test_what_has_a_sentence_stands_in_the_documentation(word: str) -> None:
    assert f"`{word}`" in (ROOT / "docs/levers.md").read_text()


def test_a_record_of_a_later_gateway_is_told_in_its_own_words() -> None:
    assert told("too_blue") == "Too blue"
