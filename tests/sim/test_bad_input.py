"""Whatever is sent, the answer is an error in the dialect's shape, or an answer."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator import RunningSimulator

TOOL = {"name": "weather", "parameters": {"type": "object", "properties": {"a": {"enum": [1]}}}}
MESSAGES = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
PARTS = [{"role": "user", "parts": [{"text": "Hi"}]}]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "model": "gpt-4o",
        "messages": MESSAGES,
        "tools": [{"type": "function", "function": TOOL}],
        "tool_choice": "auto",
        "response_format": {"type": "json_schema", "json_schema": {"schema": {}}},
        "stream": False,
        "stream_options": {"include_usage": True},
        "max_tokens": 5,
        "n": 1,
        "stop": ["."],
    },
    "/v1/responses": {
        "model": "gpt-4.1",
        "input": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function"} | TOOL],
        "text": {"format": {"type": "text"}},
        "reasoning": {"effort": "low"},
    },
    "/v1/completions": {"model": "davinci-002", "prompt": ["Hi"], "n": 1, "stop": "."},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": ["Hi"], "dimensions": 8},
    "/v1/images/generations": {"model": "gpt-image-1", "prompt": "Hi", "n": 1},
    "/v1/messages": {
        "model": "claude-haiku-4-5",
        "max_tokens": 5,
        "messages": MESSAGES,
        "system": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "weather", "input_schema": TOOL["parameters"]}],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled"},
        "stop_sequences": ["."],
    },
    "/v1/messages/batches": {"requests": [{"custom_id": "a", "params": {"model": "claude-x"}}]},
    "/v1beta/models/gemini-2.5-flash:generateContent": {
        "contents": PARTS,
        "systemInstruction": PARTS[0],
        "tools": [{"functionDeclarations": [TOOL]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
        "generationConfig": {"maxOutputTokens": 5, "stopSequences": ["."], "candidateCount": 1},
    },
    "/v1beta/models/gemini-embedding-001:batchEmbedContents": {"requests": [{"content": PARTS[0]}]},
    "/v2/chat": {
        "model": "command-a-03-2025",
        "messages": MESSAGES,
        "tools": [{"type": "function", "function": TOOL}],
        "documents": ["Hi"],
        "max_tokens": 5,
    },
    "/v2/embed": {"model": "embed-v4.0", "texts": ["Hi"], "embedding_types": ["float"]},
    "/v2/rerank": {"model": "rerank-v3.5", "query": "Hi", "documents": ["Hi"], "top_n": 1},
}
SHAPES = {"/v1/messages": {"type", "error", "request_id"}, "/v2": {"id", "message"}}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["type", "name", "text", "x"]), st.integers(0, 3), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything inside a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in inner:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found.extend(places(item, (*path, key)))
    return found


def replaced(body: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    target: Any = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return changed


@pytest.mark.parametrize("path", BODIES)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_an_odd_value_anywhere_is_an_answer_or_a_refusal(
    shared_simulator: RunningSimulator, path: str, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(BODIES[path])))
    body = replaced(BODIES[path], place, data.draw(ODD))
    check(shared_simulator, path, orjson.dumps(body))


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"a":1', b"\xff\xfe", b'"x"', b"[" * 5000]
)
def test_what_is_no_object_is_refused(
    simulator: RunningSimulator, path: str, content: bytes
) -> None:
    assert check(simulator, path, content) == 400


def check(simulator: RunningSimulator, path: str, content: bytes) -> int:
    response = simulator.client.post(path, content=content, headers={"authorization": "Bearer key"})
    assert response.status_code in {200, 400, 404}
    if response.status_code != 200:
        shape = next((s for start, s in SHAPES.items() if path.startswith(start)), {"error"})
        assert response.json().keys() == shape
    return response.status_code
