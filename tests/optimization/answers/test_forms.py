"""A document and its stream are the same answer; what would not be faithful is not given."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.optimization.answers.forms import FORMS, document_of, stream_of

CHAT, MESSAGES = FORMS["chat.completions"], FORMS["messages"]
TEXT = st.text(st.characters(codec="utf-8"))
CALL = st.fixed_dictionaries(
    {
        "id": TEXT,
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": TEXT, "arguments": TEXT}),
    }
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": st.none() | TEXT, "refusal": st.none()},
    optional={"tool_calls": st.lists(CALL, min_size=1, max_size=3)},
)
BLOCK = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": TEXT, "signature": TEXT}),
    st.fixed_dictionaries(
        {
            "type": st.just("tool_use"),
            "id": TEXT,
            "name": TEXT,
            "input": st.dictionaries(TEXT, st.integers(0, 9), max_size=3),
        }
    ),
)


def there_and_back(form: Any, document: dict[str, Any], buckets: TokenBuckets) -> Any:
    stream = stream_of(form, orjson.dumps(document), has_usage=True)
    assert stream is not None
    again = document_of(form, stream, buckets)
    return again and orjson.loads(again)


@given(st.lists(MESSAGE, min_size=1, max_size=2), st.integers(0, 9))
def test_a_completion_survives_being_streamed(messages: list[Any], tokens: int) -> None:
    buckets = TokenBuckets(input_uncached=7, output=tokens)
    choices = [
        {"index": index, "message": each, "logprobs": None, "finish_reason": "stop"}
        for index, each in enumerate(messages)
    ]
    usage = {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": 7 + tokens}
    document = {"id": "c", "object": "chat.completion", "choices": choices, "usage": usage}
    assert there_and_back(CHAT, document, buckets) == document


@given(st.lists(BLOCK, max_size=4))
def test_a_message_survives_being_streamed(blocks: list[Any]) -> None:
    document = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": blocks,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    assert there_and_back(MESSAGES, document, TokenBuckets()) == document


@pytest.mark.parametrize(
    ("form", "document"),
    [
        (CHAT, {"choices": [{"message": {"content": "a", "audio": {"data": "b"}}}]}),
        (CHAT, {"choices": [{"message": {"content": "a"}, "logprobs": {"content": [1]}}]}),
        (CHAT, {"choices": [7]}),
        (MESSAGES, {"content": [{"type": "server_tool_use"}], "usage": {}}),
        (MESSAGES, {"content": [{"type": "text", "text": "a", "citations": [1]}], "usage": {}}),
        (MESSAGES, {"content": [], "usage": {}, "container": {"id": "c"}}),
    ],
)
def test_what_a_stream_could_not_say_is_not_streamed(form: Any, document: Any) -> None:
    assert stream_of(form, orjson.dumps(document), has_usage=False) is None


@pytest.mark.parametrize(
    "stream",
    [
        b'data: {"choices": [{"delta": {"audio": {"id": 1}}}]}\n\n',
        b'data: {"choices": []}\n\ndata: [DONE]\n\n',
        b"data: {\n\n",
        b"data: [1]\n\n",
        b'data: {"choices": [{"delta": {"tool_calls": [{"index": 3}]}}]}\n\n',
    ],
)
def test_a_stream_with_parts_unknown_is_not_kept(stream: bytes) -> None:
    assert document_of(CHAT, stream, TokenBuckets()) is None


@pytest.mark.parametrize(
    "stream",
    [
        b'data: {"type": "content_block_delta", "index": 0, "delta": {}}\n\n',
        b'data: {"type": "something_new"}\n\n',
        b'data: {"type": "content_block_start", "index": 0, "content_block": {"type": "x"}}\n\n',
    ],
)
def test_events_unknown_are_not_kept(stream: bytes) -> None:
    assert document_of(MESSAGES, stream, TokenBuckets()) is None
