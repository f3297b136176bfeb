"""What a realtime conversation used: the sum of the usage that its answers report.

Source: OpenAI's Realtime API reference, server event `response.done`.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.facts import Reading
from apps.proxy.providers.tally import FAULTS, count, name_of, shares, table_of

_DONE = '"response.done"'
_CREATED = '"session.created"'


@dataclass(slots=True)
class Conversation:
    """Sizes in bytes of text as UTF-8."""

    received_bytes: int = 0
    sent_bytes: int = 0
    fault_count: int = 0
    served_model: str | None = None
    usage: TokenBuckets | None = None
    _done: int = field(default=0)

    def hear(self, size: int) -> None:
        """The caller sent a message."""
        self.received_bytes += size

    def see_bytes(self, size: int) -> None:
        """The provider sent a message that is no text."""
        self.sent_bytes += size

    def see(self, text: str) -> None:
        """The provider sent a message; those without usage are not looked into."""
        self.sent_bytes += len(text.encode())
        if _DONE not in text[:200] and _CREATED not in text[:200]:
            return
        try:
            self._read(orjson.loads(text))
        except FAULTS:
            self.fault_count += 1

    def reading(self) -> Reading:
        """What is known by now; a conversation has no end of its own, so it is always complete."""
        return Reading(
            usage=self.usage,
            served_model=self.served_model,
            is_complete=True,
            output_bytes=self.sent_bytes,
            fault_count=self.fault_count,
        )

    def _read(self, event: dict[str, Any]) -> None:
        session = table_of(event.get("session"))
        self.served_model = self.served_model or name_of(session.get("model"))
        usage = table_of(table_of(event.get("response")).get("usage"))
        if usage:
            self.usage = (self.usage or TokenBuckets()) + buckets_of(usage)


def buckets_of(usage: dict[str, Any]) -> TokenBuckets:
    """The disjoint buckets of one answer; cached tokens are within the input's, audio too."""
    given, made = (
        table_of(usage.get("input_token_details")),
        table_of(usage.get("output_token_details")),
    )
    uncached, cached, audio, image = shares(
        count(usage.get("input_tokens")),
        count(given.get("cached_tokens")),
        count(given.get("audio_tokens")),
        count(given.get("image_tokens")),
    )
    text, spoken = shares(count(usage.get("output_tokens")), count(made.get("audio_tokens")))
    return TokenBuckets(
        input_uncached=uncached,
        cache_read=cached,
        input_audio=audio,
        input_image=image,
        output=text,
        output_audio=spoken,
    )
