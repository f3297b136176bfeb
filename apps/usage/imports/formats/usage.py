"""Token usage in the providers' own words, as disjoint buckets.

Source: platform.openai.com/docs/api-reference (usage of chat completions and responses),
docs.anthropic.com/en/api/messages (usage).
"""

from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.formats.values import Broken, Json, count, first, table

_OF_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")


def buckets_of(usage: Any) -> TokenBuckets:
    """The buckets of a provider's usage object, whosever it is. Raises Broken."""
    given = table(usage)
    if not given:
        raise Broken("there is no usage: the tokens of the call are not known")
    if any(name in given for name in _OF_ANTHROPIC):
        return _of_anthropic(given)
    return _of_openai(given)


def within(total: int, *parts: int) -> int:
    """What is left of `total` besides `parts` of it. Raises Broken."""
    if sum(parts) > total:
        raise Broken(f"{sum(parts)} tokens are said to be part of {total}")
    return total - sum(parts)


def _of_anthropic(given: Json) -> TokenBuckets:
    split = table(given.get("cache_creation"))
    long = count(split.get("ephemeral_1h_input_tokens"))
    written = count(given.get("cache_creation_input_tokens")) or (
        long + count(split.get("ephemeral_5m_input_tokens"))
    )
    return TokenBuckets(
        input_uncached=count(given.get("input_tokens")),
        cache_read=count(given.get("cache_read_input_tokens")),
        cache_write_5m=within(written, long),
        cache_write_1h=long,
        output=count(given.get("output_tokens")),
    )


def _of_openai(given: Json) -> TokenBuckets:
    sent = table(first(given, "prompt_tokens_details", "input_tokens_details"))
    made = table(first(given, "completion_tokens_details", "output_tokens_details"))
    read, written = count(sent.get("cached_tokens")), count(sent.get("cache_write_tokens"))
    heard, spoken = count(sent.get("audio_tokens")), count(made.get("audio_tokens"))
    reasoned = count(made.get("reasoning_tokens"))
    total_in = count(first(given, "prompt_tokens", "input_tokens"))
    total_out = count(first(given, "completion_tokens", "output_tokens"))
    return TokenBuckets(
        input_uncached=within(total_in, read, written, heard),
        cache_read=read,
        cache_write_5m=written,
        input_audio=heard,
        output=within(total_out, reasoned, spoken),
        reasoning=reasoned,
        output_audio=spoken,
    )


def summed(sent: int, made: int, *, read: int = 0, written: int = 0, long: int = 0) -> TokenBuckets:
    """Buckets of totals that include what was cached; where the parts exceed them, they do not.

    Exporters differ in whether Anthropic's input includes the cache. Parts larger than the total
    can only mean that it does not.
    """
    cached = read + written + long
    return TokenBuckets(
        input_uncached=sent - cached if cached <= sent else sent,
        cache_read=read,
        cache_write_5m=written,
        cache_write_1h=long,
        output=made,
    )
