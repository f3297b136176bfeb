"""One counterfactual for each call, and what of the difference each lever saved."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import NamedTuple

from apps.kernel.tokens import TokenBuckets

# More digits than an amount of the ledger has, so that no difference is rounded.
_DIGITS = 60
# Providers whose caches hold what is marked; all others may have held any long prompt.
KEEP_WHEN_ASKED = frozenset({"anthropic"})
_WARM_SECONDS, _LONG_SECONDS = 300, 3600
_LEAST_PROMPT, _STEP = 1024, 128


class Charged(NamedTuple):
    """What a provider charges a call for; models: the first of them that has a price counts."""

    provider: str
    models: tuple[str | None, ...]
    tier: str | None
    buckets: TokenBuckets
    units: Mapping[str, int]


def decomposed(
    counterfactual_usd: Decimal, steps: Iterable[tuple[str, Decimal]]
) -> dict[str, Decimal]:
    """Lever → saved USD, negative where it cost more; sums exactly to counterfactual - actual.

    steps: the levers that acted, in the order in which they did, each with what the call costs
    once it and all before it have acted; the last of them is the actual cost. A lever that acts
    twice is one entry. Source: sequential (telescoping) attribution.
    """
    saved: dict[str, Decimal] = {}
    before = counterfactual_usd
    with localcontext(prec=_DIGITS):
        for lever, after in steps:
            saved[lever] = saved.get(lever, Decimal(0)) + before - after
            before = after
    return saved


def repeated(buckets: TokenBuckets, *, age_s: float, is_unasked: bool) -> TokenBuckets:
    """The tokens of a call when it is sent again `age_s` seconds after it was.

    While the provider's own cache is warm (five minutes, an hour for what was written for one) the
    prompt that it held is read from it: what was written, and where it caches unasked also the
    whole steps of the rest, in prompts of 1,024 tokens or more. The least that it could have cost.
    Sources: prompt caching guides of Anthropic and OpenAI.
    """
    short = buckets.cache_write_5m if age_s < _WARM_SECONDS else 0
    long = buckets.cache_write_1h if age_s < _LONG_SECONDS else 0
    is_warm = is_unasked and age_s < _WARM_SECONDS and buckets.input_total >= _LEAST_PROMPT
    unasked = buckets.input_uncached // _STEP * _STEP if is_warm else 0
    return replace(
        buckets,
        input_uncached=buckets.input_uncached - unasked,
        cache_write_5m=buckets.cache_write_5m - short,
        cache_write_1h=buckets.cache_write_1h - long,
        cache_read=buckets.cache_read + short + long + unasked,
    )


def unmarked(buckets: TokenBuckets) -> TokenBuckets:
    """The tokens of a call without any mark, at a provider that keeps only what is marked."""
    kept = buckets.cache_read + buckets.cache_write_5m + buckets.cache_write_1h
    return replace(
        buckets,
        input_uncached=buckets.input_uncached + kept,
        cache_read=0,
        cache_write_5m=0,
        cache_write_1h=0,
    )


def restored(
    buckets: TokenBuckets, *, new: int, old: int, is_kept_unasked: bool
) -> TokenBuckets | None:
    """The tokens of a call with those it was spared; below 0 where it was sent more.

    new: those that no provider had seen; they pay the plain price. old: those that earlier calls
    were spared as well; where the rest of the prompt was read, so would they have been.
    is_kept_unasked: the provider may have kept an earlier call. None, for nothing is claimed, where
    what went out was too short to be kept and the whole was not.
    """
    spared, sent = new + old, buckets.input_total
    if is_kept_unasked and not buckets.cache_read and sent < _LEAST_PROMPT <= sent + spared:
        return None
    read = max(0, old) if buckets.cache_read else 0
    plain = max(0, buckets.input_uncached + spared - read)
    return replace(buckets, cache_read=buckets.cache_read + read, input_uncached=plain)
