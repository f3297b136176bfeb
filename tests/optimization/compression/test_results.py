"""Only what is new is changed, and what was changed stays so."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.compression import Form, ResultCompressor, tool_results
from apps.optimization.prefix import with_values
from tests.optimization.patience import PATIENT

LONG = json.dumps([{"a": n, "b": n} for n in range(50)], indent=2)


def _short(text: str) -> Form:
    return Form("json", text[:3])


def _openai(*texts: str, answered: int = 0) -> dict[str, Any]:
    """Results of as many calls; the first `answered` of them have an answer after them."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
    for n, text in enumerate(texts):
        messages.append({"role": "tool", "tool_call_id": f"c{n}", "content": text})
        if n < answered:
            messages.append({"role": "assistant", "content": "ok"})
    return {"messages": messages}


def test_a_new_result_is_made_shorter_and_again_in_every_later_call() -> None:
    compressor = ResultCompressor()
    first = compressor.plan(_openai(LONG), conversation="c")
    later = compressor.plan(_openai(LONG, "more", answered=1), conversation="c")
    assert list(first) == [("messages", 1, "content")]
    assert later == first


def test_what_was_sent_as_it_was_stays_as_it_was() -> None:
    compressor = ResultCompressor()
    assert compressor.plan(_openai(LONG), conversation="c", is_on=False) == {}
    assert compressor.plan(_openai(LONG), conversation="c") == {}
    assert ResultCompressor().plan(_openai(LONG, answered=1), conversation="c") == {}


def test_conversations_do_not_share_what_was_sent() -> None:
    compressor = ResultCompressor()
    compressor.plan(_openai(LONG), conversation="mine")
    assert compressor.plan(_openai(LONG, answered=1), conversation="yours") == {}


def test_an_exact_repeat_points_to_the_first() -> None:
    found = ResultCompressor(form=lambda text: None).plan(_openai(LONG, LONG), conversation="c")
    assert found == {("messages", 2, "content"): "Same as the result above of call c0."}


def test_results_of_anthropic_are_found_where_they_stand() -> None:
    block = {"type": "tool_result", "tool_use_id": "t", "content": "é" * 10}
    content: list[Any] = [{"type": "text", "text": "x"}, block]
    request = {"messages": [{"role": "user", "content": content}]}
    [result] = tool_results(request)
    assert (result.path, result.call, result.is_new) == (
        ("messages", 0, "content", 1, "content"),
        "t",
        True,
    )
    body = json.dumps(request, ensure_ascii=False).encode()
    content[1] = {**block, "content": "ü"}
    changed = with_values(body, {result.path: json.dumps("ü", ensure_ascii=False).encode()})
    assert json.loads(changed) == request


def test_other_shapes_have_no_results() -> None:
    shapes: list[dict[str, Any]] = [{}, {"messages": 3}, {"messages": [3, {"role": "tool"}]}]
    assert [tool_results(shape) for shape in shapes] == [[], [], []]


@PATIENT
@given(st.lists(st.tuples(st.booleans(), st.text(max_size=5)), max_size=8))
def test_a_prefix_that_was_sent_never_changes(calls: list[tuple[bool, str]]) -> None:
    compressor = ResultCompressor(capacity=100, form=_short, least_repeat=2)
    texts: list[str] = []
    sent: dict[Any, str | None] = {}
    for is_on, text in calls:
        texts.append(text)
        request = _openai(*texts, answered=len(texts) - 1)
        found = compressor.plan(request, conversation="c", is_on=is_on)
        for result in tool_results(request):
            assert sent.setdefault(result.path, found.get(result.path)) == found.get(result.path)
