"""Which dialect goes by which name."""

from collections.abc import Mapping

from apps.proxy.providers.anthropic import Anthropic
from apps.proxy.providers.cohere import Cohere
from apps.proxy.providers.dialect import Dialect
from apps.proxy.providers.embeddings import Embeddings
from apps.proxy.providers.facts import Endpoint
from apps.proxy.providers.gemini import Gemini
from apps.proxy.providers.media import Media
from apps.proxy.providers.openai_chat import OpenAIChat
from apps.proxy.providers.openai_responses import OpenAIResponses
from apps.proxy.providers.passthrough import PassThrough

_ALL: tuple[Dialect, ...] = (
    OpenAIChat("openai_chat"),
    OpenAIChat("openai_completions"),
    OpenAIResponses(),
    Embeddings(),
    Media(),
    Anthropic(),
    Gemini(),
    Cohere(),
    PassThrough("passthrough", OpenAIChat()),
    PassThrough("passthrough_anthropic", Anthropic()),
    PassThrough("passthrough_google", Gemini()),
    PassThrough("passthrough_cohere", Cohere()),
)
DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in _ALL}


def dialect_of(endpoint: Endpoint) -> Dialect:
    """The dialect that an endpoint speaks."""
    return DIALECTS[endpoint.dialect]
