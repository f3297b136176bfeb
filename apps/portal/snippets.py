"""What to put into one's software, as text to copy."""

from collections.abc import Iterator
from string import Template
from typing import NamedTuple

# What stands where the key belongs, while nobody sees the key any more.
PLACEHOLDER = "YOUR_NETRA_KEY"
OPENAI, ANTHROPIC = "openai", "anthropic"
# A cheap model of each provider whose calls have OpenAI's form, as a call names it.
_MODELS = {
    OPENAI: "gpt-4o-mini",
    "groq": "groq/llama-3.3-70b-versatile",
    "mistral": "mistral/mistral-small-latest",
    "deepseek": "deepseek/deepseek-chat",
}
_CLAUDE = "claude-haiku-4-5"


class Snippet(NamedTuple):
    """api: openai or anthropic, the form of the call. install: what it needs; "" for nothing."""

    api: str
    language: str
    label: str
    install: str
    text: str


def snippets(*, gateway_url: str, key: str, providers: tuple[str, ...] = ()) -> list[Snippet]:
    """One call in each form and language. providers: those with a credential, to name a model."""
    model = next((name for each, name in _MODELS.items() if each in providers), _MODELS[OPENAI])
    models = {OPENAI: model, ANTHROPIC: _CLAUDE}
    return [
        Snippet(api, *about, Template(text).substitute(url=gateway_url, key=key, model=models[api]))
        for api, about, text in _templates()
    ]


def preferred_api(providers: tuple[str, ...]) -> str:
    """The form that somebody with these credentials wants to see first."""
    is_anthropic = ANTHROPIC in providers and not _MODELS.keys() & set(providers)
    return ANTHROPIC if is_anthropic else OPENAI


def _templates() -> Iterator[tuple[str, tuple[str, str, str], str]]:
    python, typescript, curl = ("python", "Python"), ("typescript", "TypeScript"), ("curl", "curl")
    yield OPENAI, (*python, "pip install openai"), _OPENAI_PYTHON
    yield OPENAI, (*typescript, "npm install openai"), _OPENAI_TYPESCRIPT
    yield OPENAI, (*curl, ""), _OPENAI_CURL
    yield ANTHROPIC, (*python, "pip install anthropic"), _ANTHROPIC_PYTHON
    yield ANTHROPIC, (*typescript, "npm install @anthropic-ai/sdk"), _ANTHROPIC_TYPESCRIPT
    yield ANTHROPIC, (*curl, ""), _ANTHROPIC_CURL


_OPENAI_PYTHON = """\
from openai import OpenAI

client = OpenAI(
    base_url="$url/v1",
    api_key="$key",
)
answer = client.chat.completions.create(
    model="$model",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)"""
_OPENAI_TYPESCRIPT = """\
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "$url/v1",
  apiKey: "$key",
});
const answer = await client.chat.completions.create({
  model: "$model",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);"""
_OPENAI_CURL = """\
curl $url/v1/chat/completions \\
  -H "Authorization: Bearer $key" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'"""
_ANTHROPIC_PYTHON = """\
from anthropic import Anthropic

client = Anthropic(
    base_url="$url",
    api_key="$key",
)
answer = client.messages.create(
    model="$model",
    max_tokens=100,
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.content[0].text)"""
_ANTHROPIC_TYPESCRIPT = """\
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: "$url",
  apiKey: "$key",
});
const answer = await client.messages.create({
  model: "$model",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.content);"""
_ANTHROPIC_CURL = """\
curl $url/v1/messages \\
  -H "x-api-key: $key" \\
  -H "anthropic-version: 2023-06-01" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "$model", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}'"""
