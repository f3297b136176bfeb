"""Streams of Gemini, Cohere and OpenAI's media, and all samples together."""

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading
from tests.proxy.providers.anthropic_samples import MESSAGES, MESSAGES_ERROR
from tests.proxy.providers.openai_samples import CHAT, CHAT_ERROR, GROQ, RESPONSES
from tests.proxy.providers.samples import Sample, data, named


def _piece(text: str, reason: str | None = None, **usage: object) -> dict[str, object]:
    candidate: dict[str, object] = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "index": 0,
    }
    return {
        "candidates": [candidate | ({"finishReason": reason} if reason else {})],
        "usageMetadata": {"promptTokenCount": 300, **usage},
        "modelVersion": "gemini-3-pro",
        "responseId": "r-1",
    }


_LAST = _piece(
    "ö}",
    "MAX_TOKENS",
    candidatesTokenCount=20,
    thoughtsTokenCount=7,
    cachedContentTokenCount=100,
    toolUsePromptTokenCount=5,
    totalTokenCount=332,
    promptTokensDetails=[
        {"modality": "TEXT", "tokenCount": 200},
        {"modality": "AUDIO", "tokenCount": 60},
        {"modality": "IMAGE", "tokenCount": 40},
    ],
    cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 50}],
    candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 15}],
)
_PIECES = (_piece("Al"), _piece(' "[{'), _LAST)
_GEMINI_READING = Reading(
    usage=TokenBuckets(
        input_uncached=155,
        cache_read=100,
        input_audio=10,
        input_image=40,
        output=5,
        reasoning=7,
        output_image=15,
    ),
    served_model="gemini-3-pro",
    response_id="r-1",
    finish_reasons=("MAX_TOKENS",),
    is_complete=True,
    output_bytes=2 + 4 + 3,
)
GEMINI = Sample(
    "gemini",
    "/v1beta/models/gemini-3-pro:streamGenerateContent",
    {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]},
    data(*_PIECES).replace(b"\n", b"\r\n"),
    _GEMINI_READING,
)
GEMINI_ARRAY = Sample(
    "gemini_array",
    GEMINI.path,
    GEMINI.request,
    b"["
    + b"\n,\r\n".join(orjson.dumps(piece, option=orjson.OPT_INDENT_2) for piece in _PIECES)
    + b"\n]\n",
    _GEMINI_READING,
    content_type="application/json; charset=UTF-8",
)
COHERE = Sample(
    "cohere",
    "/v2/chat",
    {"model": "command-a", "messages": [{"role": "user", "content": "Hello"}], "stream": True},
    named(
        {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant"}}},
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I "}}},
        {
            "type": "content-delta",
            "index": 0,
            "delta": {"message": {"content": {"thinking": "hm"}}},
        },
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Œuf"}}}},
        {
            "type": "tool-call-delta",
            "index": 0,
            "delta": {"message": {"tool_calls": {"function": {"arguments": "{}"}}}},
        },
        {"type": "content-end", "index": 0},
        {
            "type": "message-end",
            "delta": {
                "finish_reason": "COMPLETE",
                "usage": {
                    "billed_units": {"input_tokens": 30.0, "output_tokens": 12.0},
                    "tokens": {"input_tokens": 95.0, "output_tokens": 14.0},
                    "cached_tokens": 8.0,
                },
            },
        },
    ),
    Reading(
        usage=TokenBuckets(input_uncached=22, cache_read=8, output=12),
        response_id="c-1",
        finish_reasons=("COMPLETE",),
        is_complete=True,
        output_bytes=2 + 2 + len("Œuf".encode()) + 2,
    ),
)
IMAGES = Sample(
    "images",
    "/v1/images/generations",
    {"model": "gpt-image-2", "prompt": "a cat", "stream": True},
    named(
        {"type": "image_generation.partial_image", "b64_json": "QUJD", "partial_image_index": 0},
        {
            "type": "image_generation.completed",
            "b64_json": "QUJDREVG",
            "usage": {
                "input_tokens": 30,
                "input_tokens_details": {"text_tokens": 20, "image_tokens": 10},
                "output_tokens": 400,
                "total_tokens": 430,
            },
        },
    ),
    Reading(
        usage=TokenBuckets(input_uncached=20, input_image=10, output_image=400),
        units={"images": 1},
        is_complete=True,
    ),
)
TRANSCRIPT = Sample(
    "transcript",
    "/v1/audio/transcriptions",
    {"model": "gpt-4o-transcribe", "stream": True},
    named(
        {"type": "transcript.text.delta", "delta": "Hallo"},
        {
            "type": "transcript.text.done",
            "text": "Hallo",
            "usage": {
                "type": "tokens",
                "input_tokens": 14,
                "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
                "output_tokens": 5,
                "total_tokens": 19,
            },
        },
    ),
    Reading(
        usage=TokenBuckets(input_uncached=4, input_audio=10, output=5),
        is_complete=True,
        output_bytes=5,
    ),
)
SAMPLES = (
    CHAT,
    GROQ,
    CHAT_ERROR,
    MESSAGES,
    MESSAGES_ERROR,
    RESPONSES,
    GEMINI,
    GEMINI_ARRAY,
    COHERE,
    IMAGES,
    TRANSCRIPT,
)
