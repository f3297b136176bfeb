"""What a call cost that ended before its provider said so."""

from dataclasses import replace

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading, RequestFacts

# English, code and JSON come to about four bytes of UTF-8 a token with the vocabularies in use.
BYTES_PER_TOKEN = 4
# Providers count 85 (low detail) to some 1,600 tokens for an image.
TOKENS_PER_IMAGE = 1000
# Of an answer that nobody has seen yet; how far off that is, a model learns of those seen.
TOKENS_PER_ANSWER = 300


def estimate(facts: RequestFacts, reading: Reading) -> TokenBuckets:
    """Buckets of a cancelled, interrupted or truncated call.

    What the provider reported stands: its input when it gave any (Anthropic does at the start of a
    stream), and its output where it is more than the relayed text comes to. Otherwise input is the
    prompt's text in bytes / 4 and 1,000 a picture, uncached; output is the text, reasoning and tool
    arguments relayed in bytes / 4. Both are rounded up. Reasoning that was not relayed is unknown
    and left out.
    """
    reported = reading.usage or TokenBuckets()
    if not reported.input_total:
        tokens = _tokens(facts.prompt_text_bytes) + TOKENS_PER_IMAGE * facts.image_count
        reported = replace(reported, input_uncached=tokens)
    missing = _tokens(reading.output_bytes) - reported.output_total
    return replace(reported, output=reported.output + max(0, missing))


def foreseen(facts: RequestFacts) -> TokenBuckets:
    """Buckets of a call before it is made: the prompt by its length, a short answer, uncached."""
    answer = min(TOKENS_PER_ANSWER, facts.max_output_tokens or TOKENS_PER_ANSWER)
    prompt = _tokens(facts.prompt_text_bytes) + TOKENS_PER_IMAGE * facts.image_count
    return TokenBuckets(input_uncached=prompt, output=max(0, answer * facts.choice_count))


def _tokens(byte_count: int) -> int:
    return -(-byte_count // BYTES_PER_TOKEN)
