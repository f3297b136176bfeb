"""Marks are added, and nothing that the model sees changes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.prefix import (
    Mark,
    PromptCachePlanner,
    UnknownPlace,
    anthropic_blocks,
    with_marks,
    with_member,
)
from tests.optimization.patience import PATIENT
from tests.optimization.prefix.requests import REQUESTS, encoded, seen

KEY = b"k" * 32


@PATIENT
@given(REQUESTS, st.booleans(), st.booleans(), st.sampled_from(["5m", "1h"]))
def test_the_model_sees_the_same_wherever_marks_stand(
    request: dict[str, Any], is_spaced: bool, is_ascii: bool, ttl: str
) -> None:
    body = encoded(request, is_spaced=is_spaced, is_ascii=is_ascii)
    places = [block.path for block in anthropic_blocks(request) if block.is_markable]
    marked = json.loads(with_marks(body, [Mark(path, ttl) for path in places]))
    assert seen(marked) == seen(request)
    before, after = (sum(b.marks for b in anthropic_blocks(each)) for each in (request, marked))
    assert after == before + len(places)


@PATIENT
@given(REQUESTS, st.integers(1, 3))
def test_no_call_has_more_than_four_marks_nor_two_at_one_place(
    request: dict[str, Any], times: int
) -> None:
    request["messages"][0] = {"role": "user", "content": "long " * 4_000}
    planner = PromptCachePlanner(key=KEY)
    for second in range(times):
        plan = planner.plan(request, namespace="o/p", model="claude-opus-5", at_s=float(second))
        planner.applied(plan, at_s=float(second))
    marked = json.loads(with_marks(encoded(request, is_spaced=False, is_ascii=True), plan.marks))
    own = sum(block.marks for block in anthropic_blocks(request)) + ("cache_control" in request)
    total = sum(block.marks for block in anthropic_blocks(marked)) + ("cache_control" in marked)
    assert total == own + len(plan.marks)
    assert total <= max(4, own)


def test_bytes_of_the_client_stay_as_they_are() -> None:
    body = (
        b'{ "system":"caf\\u00e9 \xc3\xa9", "messages":[{"role":"user",'
        b'"content":[{"type":"text"}]}]}'
    )
    marked = with_marks(body, [Mark(("system",), "1h"), Mark(("messages", 0, "content", 0), "5m")])
    assert marked == (
        b'{ "system":[{"type":"text","text":"caf\\u00e9 \xc3\xa9",'
        b'"cache_control":{"type":"ephemeral","ttl":"1h"}}], "messages":[{"role":"user",'
        b'"content":[{"cache_control":{"type":"ephemeral"},"type":"text"}]}]}'
    )


def test_no_marks_leave_the_body_alone() -> None:
    assert with_marks(b' {"a" : 1}', ()) == b' {"a" : 1}'


@pytest.mark.parametrize("body", [b"", b"[]", b'{"system":', b'{"messages":{}}', b"{'a'}"])
def test_a_place_that_is_not_there_is_refused(body: bytes) -> None:
    with pytest.raises(UnknownPlace):
        with_marks(body, [Mark(("system",), "5m")])


def test_of_a_repeated_key_nobody_knows_which_one_holds() -> None:
    with pytest.raises(UnknownPlace):
        with_marks(b'{"system":"a","system":"b"}', [Mark(("system",), "5m")])


@pytest.mark.parametrize(
    ("body", "expected"), [(b"{}", b'{"k":"v"}'), (b' { "a":1}', b' { "k":"v","a":1}')]
)
def test_a_member_is_added_at_the_beginning(body: bytes, expected: bytes) -> None:
    assert with_member(body, "k", "v") == expected
