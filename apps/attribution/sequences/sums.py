"""All that a confidence sequence keeps of the past: three whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul, sub
from typing import Self


@dataclass(frozen=True, slots=True)
class Sums:
    """count: scores so far; total: their sum; spread: the sum of their squared distances from
    centres that were fixed before each of them. Whole numbers, so that batches may be merged in any
    order and give the same to the last digit.
    """

    count: int = 0
    total: int = 0
    spread: int = 0

    @classmethod
    def of(cls, scores: Sequence[int], centres: Sequence[int]) -> Self:
        """The sums of one batch; scores and centres in the same unit, one centre for each score."""
        if len(scores) != len(centres):
            raise ValueError(f"{len(scores)} scores have {len(centres)} centres.")
        distances = list(map(sub, scores, centres))
        return cls(len(scores), sum(scores), sum(map(mul, distances, distances)))

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.count + other.count, self.total + other.total, self.spread + other.spread)
