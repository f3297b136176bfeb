"""Every path finds its endpoint, and what no table knows passes through."""

import pytest

from apps.proxy.providers.paths import UnknownProvider, UnsafePath, endpoint_of, is_provider_path
from apps.proxy.providers.registry import DIALECTS

ANTHROPIC = ((b"anthropic-version", b"2023-06-01"),)


@pytest.mark.parametrize(
    ("method", "path", "name", "dialect", "home", "model"),
    [
        ("POST", "/v1/chat/completions", "chat.completions", "openai_chat", "openai", None),
        ("GET", "/v1/chat/completions/c1", "passthrough", "passthrough", "openai", None),
        ("POST", "/v1/completions", "completions", "openai_completions", "openai", None),
        ("POST", "/v1/responses", "responses", "openai_responses", "openai", None),
        ("GET", "/v1/responses/r1", "responses", "passthrough", "openai", None),
        ("POST", "/v1/responses/r1/cancel", "responses", "passthrough", "openai", None),
        ("POST", "/v1/responses/compact", "responses.compact", "openai_responses", "openai", None),
        ("POST", "/v1/embeddings", "embeddings", "embeddings", "openai", None),
        ("POST", "/v1/moderations", "moderations", "embeddings", "openai", None),
        ("POST", "/v1/images/generations", "images.generations", "media", "openai", None),
        ("POST", "/v1/audio/speech", "audio.speech", "media", "openai", None),
        ("POST", "/v1/audio/transcriptions", "audio.transcriptions", "media", "openai", None),
        ("GET", "/v1/models", "models", "passthrough", "openai", None),
        ("DELETE", "/v1/models/m", "models", "passthrough", "openai", None),
        ("POST", "/v1/files", "files", "passthrough", "openai", None),
        ("GET", "/v1/batches/b1", "batches", "passthrough", "openai", None),
        ("GET", "/v1/realtime", "realtime", "passthrough", "openai", None),
        ("POST", "/v1/messages", "messages", "anthropic", "anthropic", None),
        ("POST", "/v1/messages/count_tokens", "messages.count_tokens", "anthropic", "anthropic",
         None),
        ("POST", "/v1/messages/batches", "messages.batches", "passthrough_anthropic", "anthropic",
         None),
        ("POST", "/openai/deployments/my%20d/chat/completions", "chat.completions", "openai_chat",
         "azure_openai", "my d"),
        ("POST", "/openai/v1/responses", "responses", "openai_responses", "azure_openai", None),
        ("POST", "/openai/responses", "responses", "openai_responses", "azure_openai", None),
        ("GET", "/openai/models", "models", "passthrough", "azure_openai", None),
        ("POST", "/v1beta/models/gemini-3:generateContent", "generateContent", "gemini", "google",
         "gemini-3"),
        ("POST", "/v1/models/gemini-3:streamGenerateContent", "streamGenerateContent", "gemini",
         "google", "gemini-3"),
        ("POST", "/v1beta/tunedModels/t:embedContent", "embedContent", "gemini", "google", "t"),
        ("POST", "/v1beta/models/i:predict", "models", "passthrough_google", "google", "i"),
        ("GET", "/v1beta/models", "models", "passthrough_google", "google", None),
        ("POST", "/upload/v1beta/files", "passthrough", "passthrough_google", "google", None),
        ("POST", "/v1beta/openai/embeddings", "embeddings", "embeddings", "google", None),
        ("POST", "/v2/chat", "chat", "cohere", "cohere", None),
        ("POST", "/v2/embed", "embed", "cohere", "cohere", None),
        ("POST", "/v1/rerank", "rerank", "cohere", "cohere", None),
        ("POST", "/v1/tokenize", "passthrough", "passthrough_cohere", "cohere", None),
        ("POST", "/v1/videos", "passthrough", "passthrough", "openai", None),
        ("POST", "/elsewhere", "passthrough", "passthrough", "openai", None),
    ],
)  # fmt: skip
def test_paths(
    method: str, path: str, name: str, dialect: str, home: str, model: str | None
) -> None:
    endpoint = endpoint_of(method, path)
    found = (endpoint.name, endpoint.dialect, endpoint.home, endpoint.model)
    assert found == (name, dialect, home, model)
    assert endpoint.dialect in DIALECTS


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/claude-x", "/v1/files", "/v1/skills"])
def test_paths_of_several_apis_are_told_apart_by_their_headers(path: str) -> None:
    assert endpoint_of("GET", path).home == "openai"
    assert endpoint_of("GET", path, ANTHROPIC).home == "anthropic"
    assert endpoint_of("GET", path, ((b"x-api-key", b"nap_x"),)).home == "anthropic"
    assert endpoint_of("GET", path, ((b"x-goog-api-key", b"nap_x"),)).home == "google"
    assert endpoint_of("GET", path, ANTHROPIC).dialect == "passthrough_anthropic"


def test_openais_own_paths_stay_openais_whatever_the_headers() -> None:
    assert endpoint_of("POST", "/v1/chat/completions", ANTHROPIC).home == "openai"


@pytest.mark.parametrize(
    ("path", "name", "family", "rest"),
    [
        ("/p/groq/openai/v1/chat/completions", "chat.completions", "openai", "/chat/completions"),
        ("/p/groq/v1/chat/completions", "chat.completions", "openai", "/chat/completions"),
        ("/p/deepseek/chat/completions", "chat.completions", "openai", "/chat/completions"),
        ("/p/deepseek/anthropic/v1/messages", "messages", "anthropic", "/v1/messages"),
        ("/p/openrouter/api/v1/completions", "completions", "openai", "/completions"),
        ("/p/openrouter/api/v1/messages", "messages", "anthropic", "/v1/messages"),
        ("/p/cohere/compatibility/v1/embeddings", "embeddings", "openai", "/embeddings"),
        ("/p/anthropic/v1/messages", "messages", "anthropic", "/v1/messages"),
        ("/p/anthropic/v1/models", "models", "anthropic", "/v1/models"),
        ("/p/google/v1beta/models/g:generateContent", "generateContent", "google",
         "/v1beta/models/g:generateContent"),
        ("/p/ollama/api/chat", "passthrough", "any", "/api/chat"),
        ("/p/groq", "passthrough", "any", "/"),
    ],
)  # fmt: skip
def test_a_pinned_provider_is_found_by_its_own_paths(
    path: str, name: str, family: str, rest: str
) -> None:
    endpoint = endpoint_of("POST", path)
    assert (endpoint.name, endpoint.family, endpoint.path) == (name, family, rest)
    assert endpoint.provider == endpoint.home == path.split("/")[2]


def test_an_unknown_provider_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider, match="groq"):
        endpoint_of("POST", "/p/nobody/v1/chat/completions")


@pytest.mark.parametrize("path", ["/v1/../admin", "/p/groq/./x", "/v1/%2E%2e/x", "/v1/files/.."])
def test_a_path_that_climbs_is_refused(path: str) -> None:
    with pytest.raises(UnsafePath):
        endpoint_of("GET", path)


def test_a_name_with_dots_is_no_climbing() -> None:
    assert endpoint_of("GET", "/v1/models/gpt-4.1..x").name == "models"


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [("/v1/x", True), ("/v2/chat", True), ("/p/groq/x", True), ("/api/v1/keys", False)],
)  # fmt: skip
def test_only_providers_paths_leave_the_portal(path: str, is_ours: bool) -> None:
    assert is_provider_path(path) == is_ours
