"""Streams of Anthropic's messages."""

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading
from tests.proxy.providers.samples import Json, Sample, named

_MESSAGE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5",
    "content": [],
    "stop_reason": None,
    "usage": {
        "input_tokens": 25,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 4000,
        "cache_creation": {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 150},
        "output_tokens": 1,
        "service_tier": "standard",
    },
}
MESSAGES = Sample(
    "messages",
    "/v1/messages",
    {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [], "stream": True},
    named(
        {"type": "message_start", "message": _MESSAGE},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": 'Hé "x" message_stop'},
        },
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ab"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '{"k"'},
        },
        {"type": "something_new", "value": [1, 2.0]},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {
                "output_tokens": 89,
                "output_tokens_details": {"thinking_tokens": 40},
                "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
            },
        },
        {"type": "message_stop"},
    ),
    Reading(
        usage=TokenBuckets(
            input_uncached=25,
            cache_read=4000,
            cache_write_5m=50,
            cache_write_1h=150,
            output=49,
            reasoning=40,
        ),
        units={"web_search_requests": 2},
        served_model="claude-sonnet-5",
        service_tier="standard",
        response_id="msg_1",
        finish_reasons=("tool_use",),
        is_complete=True,
        output_bytes=len('Hé "x" message_stop'.encode()) + 2 + 4,
    ),
)
MESSAGES_ERROR = Sample(
    "messages_error",
    "/v1/messages",
    MESSAGES.request,
    named(
        {"type": "message_start", "message": _MESSAGE},
        {
            "type": "error",
            "error": {"type": "overloaded_error", "message": "Overloaded"},
            "request_id": "req_7",
        },
    ),
    Reading(
        usage=TokenBuckets(
            input_uncached=25, cache_read=4000, cache_write_5m=50, cache_write_1h=150, output=1
        ),
        served_model="claude-sonnet-5",
        service_tier="standard",
        provider_request_id="req_7",
        response_id="msg_1",
        is_error=True,
        error_code="overloaded_error",
    ),
)
