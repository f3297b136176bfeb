"""The operations that we read, by family and path."""

from collections.abc import Mapping
from typing import NamedTuple

from apps.proxy.providers.facts import Kind


class Shape(NamedTuple):
    """What an operation is called, who reads it, and what kind of work it is."""

    name: str
    dialect: str
    kind: Kind


# Behind /v1 of OpenAI's API and of those that resemble it.
OPENAI: Mapping[str, Shape] = {
    "/chat/completions": Shape("chat.completions", "openai_chat", "generate"),
    "/completions": Shape("completions", "openai_completions", "generate"),
    "/responses": Shape("responses", "openai_responses", "generate"),
    "/responses/compact": Shape("responses.compact", "openai_responses", "generate"),
    "/responses/input_tokens": Shape("responses.input_tokens", "passthrough", "count"),
    "/embeddings": Shape("embeddings", "embeddings", "embed"),
    "/moderations": Shape("moderations", "embeddings", "moderate"),
    "/images/generations": Shape("images.generations", "media", "image"),
    "/images/edits": Shape("images.edits", "media", "image"),
    "/images/variations": Shape("images.variations", "media", "image"),
    "/audio/speech": Shape("audio.speech", "media", "audio"),
    "/audio/transcriptions": Shape("audio.transcriptions", "media", "audio"),
    "/audio/translations": Shape("audio.translations", "media", "audio"),
    "/realtime": Shape("realtime", "passthrough", "realtime"),
}
ANTHROPIC: Mapping[str, Shape] = {
    "/v1/messages": Shape("messages", "anthropic", "generate"),
    "/v1/messages/count_tokens": Shape("messages.count_tokens", "anthropic", "count"),
}
# By the method behind the model's name.
GOOGLE: Mapping[str, Shape] = {
    "generateContent": Shape("generateContent", "gemini", "generate"),
    "streamGenerateContent": Shape("streamGenerateContent", "gemini", "generate"),
    "countTokens": Shape("countTokens", "gemini", "count"),
    "embedContent": Shape("embedContent", "gemini", "embed"),
    "batchEmbedContents": Shape("batchEmbedContents", "gemini", "embed"),
}
COHERE: Mapping[str, Shape] = {
    "/v2/chat": Shape("chat", "cohere", "generate"),
    "/v2/embed": Shape("embed", "cohere", "embed"),
    "/v2/rerank": Shape("rerank", "cohere", "rerank"),
    "/v1/rerank": Shape("rerank", "cohere", "rerank"),
}
# Cohere's first API stands below /v1 like OpenAI's, but has no path in common with it.
COHERE_V1 = frozenset(
    f"/v1/{name}"
    for name in (
        "chat", "embed", "rerank", "classify", "tokenize", "detokenize", "generate", "summarize",
        "embed-jobs", "datasets", "connectors", "check-api-key",
    )
)  # fmt: skip
# The first word of operations that list, store and look up, and are not billed by token.
MANAGED = frozenset(
    {
        "models", "files", "batches", "uploads", "vector_stores", "fine_tuning", "responses",
        "conversations", "containers", "cachedContents", "tunedModels", "operations", "skills",
    }
)  # fmt: skip
