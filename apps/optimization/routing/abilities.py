"""What a request needs of a model, and what a model can."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Needs:
    """`context_tokens` of input and the most output together."""

    context_tokens: int = 0
    tools: bool = False
    vision: bool = False
    json_schema: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """Of one model; `latency_ms` to the first byte as measured lately, None: not measured."""

    context_tokens: int
    tools: bool = False
    vision: bool = False
    json_schema: bool = False
    latency_ms: float | None = None


def lacking(needs: Needs, abilities: Abilities) -> str | None:
    """The first thing that the model lacks, or None."""
    if needs.context_tokens > abilities.context_tokens:
        return "context"
    for name in ("tools", "vision", "json_schema"):
        if getattr(needs, name) and not getattr(abilities, name):
            return name
    return None
