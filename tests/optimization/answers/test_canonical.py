"""Two calls share a key exactly when everything that may change the answer is equal."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.answers.canonical import Place, answer_key, is_drawn, is_lasting
from tests.optimization.patience import PATIENT

KEY = b"k" * 32
HERE = Place(
    organization_id=UUID(int=1),
    project_id=UUID(int=2),
    endpoint="chat.completions",
    models=(("openai", "", "gpt-4o"),),
    epoch=datetime(2026, 1, 1, tzinfo=UTC),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["messages", "tools", "seed", "n", "x"]), VALUES)


def key(document: dict[str, Any], place: Place = HERE, data_key: bytes = KEY) -> str:
    return answer_key(data_key, place, document)


@PATIENT
@given(DOCUMENTS, DOCUMENTS)
def test_equal_documents_and_only_those_have_equal_keys(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    texts = [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in (one, other)]
    assert (key(one) == key(other)) == (texts[0] == texts[1])
    turned = dict(reversed(list(one.items())))
    assert key(turned | {"stream": True, "user": "u", "metadata": {"a": "b"}}) == key(one)


@pytest.mark.parametrize(
    "change",
    [
        {"organization_id": UUID(int=9)},
        {"project_id": UUID(int=9)},
        {"endpoint": "messages"},
        {"models": (("openai", "", "gpt-4o-mini"),)},
        {"models": (("vllm", "http://one", "gpt-4o"),)},
        {"epoch": datetime(2026, 1, 2, tzinfo=UTC)},
        {"query": "api-version=1"},
        {"headers": (("anthropic-beta", "x"),)},
        {"own_key": "sk-1"},
    ],
)
def test_another_place_is_another_key(change: dict[str, Any]) -> None:
    assert key({"a": 1}, replace(HERE, **change)) != key({"a": 1})


def test_without_the_organizations_key_nobody_can_try_prompts_out() -> None:
    assert key({"a": 1}, data_key=b"o" * 32) != key({"a": 1})


def test_only_temperature_nought_said_outright_is_not_drawn() -> None:
    drawn: list[dict[str, Any]] = [
        {},
        {"temperature": None},
        {"temperature": 0.1},
        {"temperature": False},
    ]
    assert [is_drawn(each) for each in drawn] == [True] * 4
    assert [is_drawn({"temperature": zero}) for zero in (0, 0.0)] == [False, False]
    assert [is_lasting("chat.completions", {"store": value}) for value in (True, False)] == [
        True,
        False,
    ]
