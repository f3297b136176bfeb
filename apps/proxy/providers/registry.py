"""Which dialect goes by which name."""

from collections.abc import Mapping

from apps.proxy.providers.anthropic import Anthropic
from apps.proxy.providers.dialect import Dialect
from apps.proxy.providers.facts import Endpoint
from apps.proxy.providers.openai_chat import OpenAIChat
from apps.proxy.providers.passthrough import PassThrough

_openai, _anthropic = OpenAIChat(), Anthropic()
_ALL: tuple[Dialect, ...] = (
    _openai,
    OpenAIChat("openai_completions"),
    _anthropic,
    PassThrough("passthrough", _openai),
    PassThrough("passthrough_anthropic", _anthropic),
)
DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in _ALL}


def dialect_of(endpoint: Endpoint) -> Dialect:
    """The dialect that an endpoint speaks."""
    return DIALECTS[endpoint.dialect]
