"""The usage objects of OpenAI's APIs and of those that resemble them, made disjoint."""

from typing import Any

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.tally import count, shares, table_of

Usage = dict[str, Any]


def read_usage(usage: Any) -> TokenBuckets | None:
    """Buckets of a `usage` object with prompt_/completion_ or input_/output_ tokens, or None.

    OpenAI counts cached, written, audio and image tokens inside the prompt, and reasoning, audio
    and image tokens inside the completion. Source: the types of openai-python 3.54
    (CompletionUsage, ResponseUsage, ImagesResponse, Transcription).
    """
    if not isinstance(usage, dict) or not usage.keys() & _TOTALS:
        return None
    surplus = _surplus(usage)
    heard = surplus if "prompt_audio_seconds" in usage else 0
    return TokenBuckets(**_inputs(usage, heard), **_outputs(usage, surplus - heard))


_TOTALS = {"prompt_tokens", "input_tokens", "completion_tokens", "output_tokens"}


def _inputs(usage: Usage, heard: int) -> dict[str, int]:
    details = _details(
        usage, "prompt_tokens_details", "input_tokens_details", "input_token_details"
    )
    written, written_long = _writes(details)
    rest, read, long, short, audio, image = shares(
        _first(usage, "prompt_tokens", "input_tokens"),
        _cached(usage, details),
        written_long,
        written - written_long,
        count(details.get("audio_tokens")),
        count(details.get("image_tokens")),
    )
    return {
        "input_uncached": rest,
        "cache_read": read,
        "cache_write_1h": long,
        "cache_write_5m": short,
        "input_audio": audio + heard,
        "input_image": image,
    }


def _outputs(usage: Usage, surplus: int) -> dict[str, int]:
    details = _details(
        usage, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    rest, reasoning, audio, image = shares(
        _first(usage, "completion_tokens", "output_tokens") + surplus,
        max(count(details.get("reasoning_tokens")), count(usage.get("reasoning_tokens")), surplus),
        count(details.get("audio_tokens")),
        count(details.get("image_tokens")),
    )
    return {"output": rest, "reasoning": reasoning, "output_audio": audio, "output_image": image}


def _surplus(usage: Usage) -> int:
    """Tokens of the total that are in neither part.

    Google's and xAI's compatible APIs leave reasoning out of completion_tokens, Mistral leaves
    sound (given in prompt_audio_seconds) out of prompt_tokens; each counts it in total_tokens.
    """
    prompt = _first(usage, "prompt_tokens", "input_tokens")
    completion = _first(usage, "completion_tokens", "output_tokens")
    return max(0, count(usage.get("total_tokens")) - prompt - completion)


def _cached(usage: Usage, details: Usage) -> int:
    """OpenAI, then DeepSeek, then those that leave out the details."""
    return (
        count(details.get("cached_tokens"))
        or count(usage.get("prompt_cache_hit_tokens"))
        or count(usage.get("cached_tokens"))
    )


def _writes(details: Usage) -> tuple[int, int]:
    """(all, long-lived) tokens written to the provider's cache.

    OpenAI keeps them 30 minutes or 12 hours; the buckets are named after Anthropic's 5 minutes and
    1 hour and mean the short and the long price.
    """
    split = table_of(details.get("cache_write_tokens_details"))
    long = count(split.get("ttl_12h_tokens"))
    return max(count(details.get("cache_write_tokens")), long), long


def _details(usage: Usage, *names: str) -> Usage:
    for name in names:
        if type(details := usage.get(name)) is dict:
            return details
    return {}


def _first(usage: Usage, *names: str) -> int:
    for name in names:
        if (value := usage.get(name)) is not None:
            return count(value)
    return 0
