"""What the models that calls may be routed between can do, by the catalogue's names of them.

A model that is not here is neither routed to nor from. Sources, read 2026-11: the pages of the
models at platform.openai.com/docs/models and platform.claude.com/docs/models with their migration
guides. Claude 5 and later take no sampling parameters and no beginning of an answer; Claude's
thinking is asked for in other words from one generation to the next, so that it counts for none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.optimization.routing.abilities import Abilities


@dataclass(frozen=True, slots=True)
class Known:
    """tokenizer: models of the same one count the same text alike. can: see Abilities."""

    tokenizer: str
    can: frozenset[str]

    def abilities(self, context_tokens: int, *, latency_ms: float | None = None) -> Abilities:
        """Those of the model whose context holds so many tokens."""
        named = {name: name in self.can for name in _NAMES}
        return Abilities(context_tokens, **named, latency_ms=latency_ms)


_NAMES = ("tools", "vision", "json_schema", "sampling", "reasoning", "prefill")
_GPT = frozenset({"tools", "sampling"})
_GPT_SEEING = _GPT | {"vision"}
_GPT_NEW = _GPT_SEEING | {"json_schema"}
_GPT_THINKING = frozenset({"tools", "vision", "json_schema", "reasoning"})
_CLAUDE = frozenset({"tools", "vision", "sampling", "prefill"})
_CLAUDE_SCHEMA = _CLAUDE | {"json_schema"}
_CLAUDE_5 = frozenset({"tools", "vision", "json_schema"})

_FAMILIES: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    ("cl100k", _GPT, ("gpt-3.5-turbo", "gpt-4")),
    ("cl100k", _GPT_SEEING, ("gpt-4-turbo",)),
    ("o200k", _GPT_SEEING, ("gpt-4o-2024-05-13",)),
    ("o200k", _GPT_NEW, ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano")),
    ("o200k", _GPT_THINKING - {"vision"}, ("o3-mini",)),
    ("o200k", _GPT_THINKING, ("o1", "o3", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5-nano")),
    ("o200k", _GPT_THINKING, ("gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano")),
    ("claude-3", _CLAUDE, ("claude-3-haiku", "claude-3-opus-latest", "claude-3-5-haiku-latest")),
    ("claude-3", _CLAUDE, ("claude-3-5-sonnet", "claude-3-7-sonnet-latest")),
    ("claude-3", _CLAUDE, ("claude-sonnet-4-0", "claude-opus-4-0")),
    ("claude-3", _CLAUDE_SCHEMA, ("claude-opus-4-1", "claude-opus-4-5")),
    ("claude-3", _CLAUDE_SCHEMA, ("claude-sonnet-4-5", "claude-haiku-4-5")),
    ("claude-5", _CLAUDE_5, ("claude-opus-5", "claude-sonnet-5")),
    ("claude-5", _CLAUDE_5, ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5")),
)
KNOWN: Mapping[str, Known] = {
    model: Known(tokenizer, can) for tokenizer, can, models in _FAMILIES for model in models
}
