"""Where calls go at each provider, and with which header."""

import pytest

from apps.proxy.providers.paths import endpoint_of
from apps.proxy.providers.table import PROVIDERS, auth_headers
from apps.proxy.providers.urls import asks_usage, can_serve, upstream_url

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
GEMINI = "/v1beta/models/gemini-3:generateContent"
DEPLOYED = "/openai/deployments/dep/chat/completions"


def url(provider: str, path: str, base_url: str | None = None, **more: str) -> str:
    """The upstream URL of a POST."""
    return upstream_url(PROVIDERS[provider], endpoint_of("POST", path), base_url=base_url, **more)


@pytest.mark.parametrize(
    ("provider", "path", "base_url", "expected"),
    [
        ("openai", CHAT, None, "https://api.openai.com/v1/chat/completions"),
        ("groq", CHAT, None, "https://api.groq.com/openai/v1/chat/completions"),
        ("google", CHAT, None,
         "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"),
        ("google", "/v1beta/openai/chat/completions", None,
         "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"),
        ("google", GEMINI, None, "https://generativelanguage.googleapis.com" + GEMINI),
        ("cohere", "/v2/chat", None, "https://api.cohere.com/v2/chat"),
        ("cohere", CHAT, None, "https://api.cohere.com/compatibility/v1/chat/completions"),
        ("mistral", CHAT, None, "https://api.mistral.ai/v1/chat/completions"),
        ("deepseek", CHAT, None, "https://api.deepseek.com/v1/chat/completions"),
        ("deepseek", MESSAGES, None, "https://api.deepseek.com/anthropic/v1/messages"),
        ("together", CHAT, None, "https://api.together.xyz/v1/chat/completions"),
        ("openrouter", CHAT, None, "https://openrouter.ai/api/v1/chat/completions"),
        ("openrouter", MESSAGES, None, "https://openrouter.ai/api/v1/messages"),
        ("anthropic", MESSAGES, None, "https://api.anthropic.com/v1/messages"),
        ("anthropic", MESSAGES, "https://proxy.example/anthropic/",
         "https://proxy.example/anthropic/v1/messages"),
        ("anthropic", MESSAGES, "https://proxy.example/v1", "https://proxy.example/v1/messages"),
        ("vllm", CHAT, "http://gpu.example:8000", "http://gpu.example:8000/v1/chat/completions"),
        ("vllm", CHAT, "http://gpu.example:8000/v1/", "http://gpu.example:8000/v1/chat/completions"),
        ("openai_compatible", CHAT, "https://a.example/api/v3",
         "https://a.example/api/v3/chat/completions"),
        ("ollama", "/p/ollama/api/chat", "http://o.example:11434", "http://o.example:11434/api/chat"),
        ("openai", DEPLOYED, None, "https://api.openai.com/v1/chat/completions"),
        ("openai", "/v1/some thing?x#y", None, "https://api.openai.com/v1/some%20thing%3Fx%23y"),
    ],
)  # fmt: skip
def test_urls(provider: str, path: str, base_url: str | None, expected: str) -> None:
    assert url(provider, path, base_url) == expected


@pytest.mark.parametrize(
    ("path", "base_url", "more", "expected"),
    [
        (CHAT, "https://r.example", {}, "https://r.example/openai/v1/chat/completions"),
        (CHAT, "https://r.example/openai/v1/", {}, "https://r.example/openai/v1/chat/completions"),
        (CHAT, "https://r.example", {"api_version": "2024-10-21", "model": "d 1"},
         "https://r.example/openai/deployments/d%201/chat/completions?api-version=2024-10-21"),
        (DEPLOYED, "https://r.example", {"query": "api-version=2025-01-01&x=1"},
         "https://r.example/openai/deployments/dep/chat/completions?api-version=2025-01-01&x=1"),
        ("/openai/responses", "https://r.example", {"query": "api-version=2025-04-01-preview"},
         "https://r.example/openai/responses?api-version=2025-04-01-preview"),
    ],
)  # fmt: skip
def test_azure_by_version(path: str, base_url: str, more: dict[str, str], expected: str) -> None:
    assert url("azure_openai", path, base_url, **more) == expected


def test_geminis_model_is_replaced_in_the_path_and_the_query_kept() -> None:
    path = "/v1beta/models/gemini-3:streamGenerateContent"
    assert url("google", path, model="gemini-4/x", query="alt=sse") == (
        "https://generativelanguage.googleapis.com"
        "/v1beta/models/gemini-4%2Fx:streamGenerateContent?alt=sse"
    )


def test_a_provider_serves_only_the_families_it_has() -> None:
    served = {
        path: {name for name, one in PROVIDERS.items() if can_serve(one, endpoint_of("POST", path))}
        for path in (CHAT, GEMINI, "/p/groq/openai/v1/chat/completions")
    }
    assert served == {
        CHAT: set(PROVIDERS),
        GEMINI: {"google"},
        "/p/groq/openai/v1/chat/completions": {"groq"},
    }


def test_usage_is_asked_only_where_it_can_be_and_must() -> None:
    endpoint = endpoint_of("POST", CHAT)
    asked = {name for name, one in PROVIDERS.items() if asks_usage(one, endpoint)}
    assert asked == set(PROVIDERS) - {"mistral", "groq", "openrouter"}
    azure = PROVIDERS["azure_openai"]
    assert not asks_usage(azure, endpoint, "2024-05-01-preview")
    assert asks_usage(azure, endpoint, "2024-10-21")
    assert not asks_usage(PROVIDERS["openai"], endpoint_of("POST", MESSAGES))


@pytest.mark.parametrize(
    ("provider", "family", "header"),
    [
        ("openai", None, (b"authorization", b"Bearer s3cret")),
        ("anthropic", None, (b"x-api-key", b"s3cret")),
        ("anthropic", "openai", (b"authorization", b"Bearer s3cret")),
        ("azure_openai", "openai", (b"api-key", b"s3cret")),
        ("google", "google", (b"x-goog-api-key", b"s3cret")),
        ("google", "openai", (b"authorization", b"Bearer s3cret")),
        ("ollama", "any", (b"authorization", b"Bearer s3cret")),
    ],
)
def test_a_key_stands_where_the_provider_wants_it(
    provider: str, family: None, header: tuple[bytes, bytes]
) -> None:
    assert auth_headers(PROVIDERS[provider], "s3cret", family=family) == [header]


def test_a_customers_own_key_goes_in_the_place_in_which_it_came() -> None:
    found = auth_headers(PROVIDERS["anthropic"], "s3cret", [(b"a", b"b")], style="bearer")
    assert found == [(b"authorization", b"Bearer s3cret"), (b"a", b"b")]
