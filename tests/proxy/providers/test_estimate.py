"""What a call without usage is estimated to have cost."""

import pytest

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.estimate import estimate
from apps.proxy.providers.facts import Reading, RequestFacts
from tests.proxy.providers.anthropic_samples import MESSAGES

FACTS = RequestFacts(prompt_text_bytes=41, image_count=1)


@pytest.mark.parametrize(
    ("reading", "buckets"),
    [
        (Reading(), TokenBuckets(input_uncached=1011)),
        (Reading(output_bytes=9), TokenBuckets(input_uncached=1011, output=3)),
        (
            Reading(usage=TokenBuckets(input_uncached=5, cache_read=7, output=1), output_bytes=40),
            TokenBuckets(input_uncached=5, cache_read=7, output=10),
        ),
        (
            Reading(usage=TokenBuckets(input_uncached=5, output=3, reasoning=90), output_bytes=40),
            TokenBuckets(input_uncached=5, output=3, reasoning=90),
        ),
    ],
)
def test_what_was_reported_stands_and_the_rest_is_bytes_by_four(
    reading: Reading, buckets: TokenBuckets
) -> None:
    assert estimate(FACTS, reading) == buckets


def test_a_cancelled_message_keeps_the_input_of_its_start() -> None:
    watcher = MESSAGES.watcher()
    watcher.feed(MESSAGES.stream[: MESSAGES.stream.index(b"event: content_block_stop")])
    assert estimate(MESSAGES.facts, watcher.outcome()) == TokenBuckets(
        input_uncached=25, cache_read=4000, cache_write_5m=50, cache_write_1h=150, output=6
    )
