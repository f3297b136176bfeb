"""Token counts of one call in disjoint buckets: every token is in exactly one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import add, attrgetter


class InvalidBuckets(ValueError):
    """Counts that are negative, not whole, or too many to be buckets."""


@dataclass(slots=True, unsafe_hash=True)
class TokenBuckets:
    """Whole counts >= 0. `input_uncached` holds neither cache, audio nor image tokens, `output`
    neither reasoning, audio nor image tokens. Raises InvalidBuckets for a negative count.

    Never changed, but not frozen, which would take three times as long to make.
    """

    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    output_image: int = 0

    def __post_init__(self) -> None:
        if min(_counts(self)) < 0:
            raise InvalidBuckets(f"A count is negative: {self}. Subtract each part only once.")

    def __add__(self, other: "TokenBuckets") -> "TokenBuckets":
        return TokenBuckets(*map(add, _counts(self), _counts(other)))

    @property
    def counts(self) -> tuple[int, ...]:
        """The counts in the order of BUCKETS."""
        return _counts(self)

    @property
    def input_total(self) -> int:
        """Everything sent, cached or not: what steps of the context are measured by."""
        return sum(_inputs(self))

    @property
    def output_total(self) -> int:
        """Everything generated, reasoning included."""
        return sum(_outputs(self))

    @property
    def total(self) -> int:
        return sum(_counts(self))

    def to_list(self) -> list[int]:
        """The counts in the order of BUCKETS, without the zeros at its end."""
        counts = list(_counts(self))
        while counts and not counts[-1]:
            counts.pop()
        return counts

    @classmethod
    def from_list(cls, counts: Sequence[int]) -> "TokenBuckets":
        """The inverse of `to_list`. Raises InvalidBuckets."""
        if len(counts) > len(BUCKETS) or any(type(count) is not int for count in counts):
            raise InvalidBuckets(f"These are no counts of {len(BUCKETS)} buckets: {counts!r}.")
        return cls(*counts)


BUCKETS: tuple[str, ...] = tuple(field.name for field in fields(TokenBuckets))
INPUT_BUCKETS: tuple[str, ...] = tuple(
    name for name in BUCKETS if name.startswith(("input_", "cache_"))
)
OUTPUT_BUCKETS: tuple[str, ...] = tuple(name for name in BUCKETS if name not in INPUT_BUCKETS)
_counts = attrgetter(*BUCKETS)
_inputs = attrgetter(*INPUT_BUCKETS)
_outputs = attrgetter(*OUTPUT_BUCKETS)
