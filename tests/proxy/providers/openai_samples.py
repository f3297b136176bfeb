"""Streams of OpenAI's chat and responses, and of those that resemble them."""

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading
from tests.proxy.providers.samples import Json, Sample, data, named


def _chunk(delta: Json, reason: str | None = None, **more: object) -> Json:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "gpt-5-2026-01-01",
        "service_tier": "default",
        "system_fingerprint": None,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
        "usage": None,
        "obfuscation": "xYz12",
        **more,
    }


_OPENAI_USAGE: dict[str, object] = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 6, "cache_write_tokens": 10},
    "completion_tokens_details": {
        "reasoning_tokens": 12,
        "audio_tokens": 4,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 3,
    },
}
_OPENAI_BUCKETS = TokenBuckets(
    input_uncached=20,
    cache_read=64,
    cache_write_5m=10,
    input_audio=6,
    output=14,
    reasoning=12,
    output_audio=4,
)
_CHAT_USAGE = data(_chunk({}, choices=[], usage=_OPENAI_USAGE))
CHAT = Sample(
    "chat",
    "/v1/chat/completions",
    {"model": "gpt-5", "messages": [{"role": "user", "content": "Hello"}], "stream": True},
    data(
        _chunk({"role": "assistant", "content": ""}),
        _chunk({"content": "Grüße, "}),
        _chunk({"content": 'say "[DONE]"\n'}),
        _chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f"}}]}),
        _chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]}),
        _chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
        _chunk({}, "tool_calls"),
    )
    + _CHAT_USAGE
    + b"data: [DONE]\n\n",
    Reading(
        usage=_OPENAI_BUCKETS,
        served_model="gpt-5-2026-01-01",
        service_tier="default",
        response_id="chatcmpl-1",
        finish_reasons=("tool_calls",),
        is_complete=True,
        output_bytes=len("Grüße, ".encode()) + len('say "[DONE]"\n') + len('f{"a":1}'),
    ),
    usage_event=_CHAT_USAGE,
)
GROQ = Sample(
    "groq",
    "/p/groq/openai/v1/chat/completions",
    CHAT.request | {"n": 2},
    b": keep-alive\n\n"
    + data(
        {"id": "g-1", "model": "llama", "x_groq": {"id": "req_1"}, "choices": []},
        {"id": "g-1", "choices": [{"index": 0, "delta": {"reasoning": "hm", "content": "yes"}}]},
        {"id": "g-1", "choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]},
        {
            "id": "g-1",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
            "x_groq": {"usage": {"prompt_tokens": 9, "completion_tokens": 3, "queue_time": 0.1}},
        },
    ),
    Reading(
        usage=TokenBuckets(input_uncached=9, output=3),
        served_model="llama",
        response_id="g-1",
        finish_reasons=("stop", "length"),
        is_complete=True,
        output_bytes=5,
    ),
)
CHAT_ERROR = Sample(
    "chat_error",
    "/v1/chat/completions",
    CHAT.request,
    data(_chunk({"content": "ab"}), {"error": {"message": "x", "type": "e", "code": 502}}),
    Reading(
        served_model="gpt-5-2026-01-01",
        service_tier="default",
        response_id="chatcmpl-1",
        is_error=True,
        error_code="502",
        output_bytes=2,
    ),
)
_RESPONSE: dict[str, object] = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5-2026-01-01",
    "status": "in_progress",
    "error": None,
    "incomplete_details": None,
    "output": [],
    "usage": None,
}
RESPONSES = Sample(
    "responses",
    "/v1/responses",
    {"model": "gpt-5", "input": "Hello", "stream": True},
    named(
        {"type": "response.created", "sequence_number": 0, "response": _RESPONSE},
        {"type": "response.in_progress", "sequence_number": 1, "response": _RESPONSE},
        {
            "type": "response.output_text.delta",
            "sequence_number": 2,
            "item_id": "m",
            "output_index": 0,
            "content_index": 0,
            "delta": "Tschüß",
            "logprobs": [],
            "obfuscation": "aB3",
        },
        {"type": "response.output_text.done", "sequence_number": 3, "text": "Tschüß"},
        {"type": "response.new_kind", "sequence_number": 4},
        {
            "type": "response.incomplete",
            "sequence_number": 5,
            "response": _RESPONSE
            | {
                "status": "incomplete",
                "service_tier": "flex",
                "incomplete_details": {"reason": "max_output_tokens"},
                "tool_usage": {
                    "web_search": {"num_requests": 1},
                    "image_gen": {"input_tokens": 7, "output_tokens": 0},
                },
                "usage": {
                    "input_tokens": 50,
                    "input_tokens_details": {
                        "cached_tokens": 20,
                        "cache_write_tokens": 12,
                        "cache_write_tokens_details": {"ttl_30m_tokens": 4, "ttl_12h_tokens": 8},
                    },
                    "output_tokens": 11,
                    "output_tokens_details": {"reasoning_tokens": 5},
                    "total_tokens": 61,
                },
            },
        },
    ),
    Reading(
        usage=TokenBuckets(
            input_uncached=18,
            cache_read=20,
            cache_write_5m=4,
            cache_write_1h=8,
            output=6,
            reasoning=5,
        ),
        units={"web_search_requests": 1, "image_tool_input_tokens": 7},
        served_model="gpt-5-2026-01-01",
        service_tier="flex",
        response_id="resp_1",
        finish_reasons=("max_output_tokens",),
        is_complete=True,
        output_bytes=len("Tschüß".encode()),
    ),
)
