"""All that a confidence sequence keeps of the past: whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import add, mul, sub
from typing import Any, Self

from apps.attribution.sequences.betting import SLOPES, losses

NONE = (0,) * len(SLOPES)


@dataclass(frozen=True, slots=True)
class Sums:
    """count: scores so far; total: their sum; spread: the sum of their squared distances from
    centres that were fixed before each of them; losses: of the exact bound at its scale, for each
    slope, None where scores without a scale are among them. Whole numbers, so that batches may be
    merged in any order and give the same to the last digit.
    """

    count: int = 0
    total: int = 0
    spread: int = 0
    losses: tuple[int, ...] | None = NONE

    @classmethod
    def of(cls, scores: Sequence[int], centres: Sequence[int], *, scale: int | None = None) -> Self:
        """The sums of one batch; scores and centres in the same unit, one centre for each score.

        scale: see `betting.losses`, which raises ValueError.
        """
        if len(scores) != len(centres):
            raise ValueError(f"{len(scores)} scores have {len(centres)} centres.")
        distances = list(map(sub, scores, centres))
        lost = losses(distances, scale) if scale else _unknown(len(scores))
        return cls(len(scores), sum(scores), sum(map(mul, distances, distances)), lost)

    def to_list(self) -> list[Any]:
        """Count, total, spread and the losses."""
        return [self.count, self.total, self.spread, self.losses and list(self.losses)]

    @classmethod
    def from_list(cls, plain: Sequence[Any]) -> Self:
        """The inverse of `to_list`; scores kept as three numbers, as once, have no known losses."""
        count, total, spread, *rest = plain
        lost = rest[0] if rest else _unknown(count)
        return cls(count, total, spread, lost and tuple(lost))

    def less(self, cost: int) -> "Sums":
        """With what was spent to save it taken off: a known number, which no bound has to cover."""
        return replace(self, total=self.total - cost)

    def __add__(self, other: "Sums") -> "Sums":
        lost = None
        if self.losses is not None and other.losses is not None:
            lost = tuple(map(add, self.losses, other.losses))
        return Sums(
            self.count + other.count, self.total + other.total, self.spread + other.spread, lost
        )


def _unknown(count: int) -> tuple[int, ...] | None:
    return None if count else NONE
