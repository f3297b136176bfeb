"""Predictions from past batches only, in whole numbers that any machine finds again.

A unit's cost is predicted as what was expected of it, times the ratio of what such units cost to
what was expected of them, in its stratum and so far: weighted least squares through the origin,
pulled to the ratio of all strata (ridge). The model is not believed anywhere: a bad one widens the
interval, it does not move it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from apps.attribution.estimators.units import Batch, Whole

ONE = 2**16  # a ratio of 1 in fixed point
LARGEST = 16 * ONE
PULL = 20  # average units that the ratio of all strata counts for in each of them


class Ratios:
    """The ratio of outcome to expectation in each stratum. Sums are unbounded whole numbers."""

    __slots__ = ("_count", "_expected", "_outcome")

    def __init__(self) -> None:
        self._expected: defaultdict[int | None, int] = defaultdict(int)
        self._outcome: defaultdict[int | None, int] = defaultdict(int)
        self._count = 0

    def to_list(self) -> list[Any]:
        """Count, then [stratum, expected, outcome] of each stratum and, under None, of all."""
        keys = sorted(self._expected, key=lambda key: (key is not None, key or 0))
        return [self._count, *([key, self._expected[key], self._outcome[key]] for key in keys)]

    @classmethod
    def from_list(cls, plain: Sequence[Any]) -> Self:
        """The inverse of `to_list`."""
        ratios = cls()
        ratios._count = plain[0]
        for stratum, expected, outcome in plain[1:]:
            ratios._expected[stratum], ratios._outcome[stratum] = expected, outcome
        return ratios

    def learn(self, strata: Whole, expected: Whole, outcome: Whole) -> None:
        """Add units whose outcomes are known; arrays of one length."""
        kinds, places = np.unique(strata, return_inverse=True)
        for place, kind in enumerate(kinds.tolist()):
            where = places == place
            self._add(kind, int(expected[where].sum()), int(outcome[where].sum()))
        self._count += len(strata)

    def _add(self, stratum: int, expected: int, outcome: int) -> None:
        for key in (stratum, None):
            self._expected[key] += expected
            self._outcome[key] += outcome

    def predict(self, strata: Whole, expected: Whole, cap: int) -> Whole:
        """What units of these strata and expectations cost, 0 to `cap`; the shape of `expected`."""
        kinds, places = np.unique(strata, return_inverse=True)
        ratios = np.array([self.ratio(int(kind)) for kind in kinds], dtype=np.int64)
        predicted: Whole = expected * ratios[places.reshape(expected.shape)] // ONE
        return np.minimum(predicted, cap)

    def ratio(self, stratum: int) -> int:
        """In fixed point, ONE before anything is known, between 0 and LARGEST."""
        if not self._expected[None]:
            return ONE
        overall = self._outcome[None] * ONE // self._expected[None]
        pull = PULL * self._expected[None] // self._count
        seen = self._outcome.get(stratum, 0) * ONE + overall * pull
        return min(seen // max(self._expected.get(stratum, 0) + pull, 1), LARGEST)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Of each unit: its outcome without and with the levers, and what the ledger will claim."""

    plain: Whole
    levered: Whole
    claimed: Whole


@dataclass(frozen=True, slots=True)
class Model:
    """Three ratios, each learnt where it is seen: held out, treated, treated."""

    plain: Ratios = field(default_factory=Ratios)
    levered: Ratios = field(default_factory=Ratios)
    claimed: Ratios = field(default_factory=Ratios)

    def predict(self, batch: Batch, *, plain_cap: int, cap: int) -> Predictions:
        """From what was learnt; looks at nothing in `batch` that its units' outcomes could move."""
        strata, expected = batch.strata, batch.expected_plain
        return Predictions(
            self.plain.predict(strata, expected, plain_cap),
            self.levered.predict(strata, batch.expected_levered, cap),
            self.claimed.predict(strata, expected, plain_cap),
        )

    def learn(self, batch: Batch) -> None:
        """Learn from the triggered units of a batch that is scored already."""
        held, treated = (
            ~batch.is_treated & batch.is_triggered,
            batch.is_treated & batch.is_triggered,
        )
        _learn(self.plain, batch, held, batch.expected_plain, batch.outcome)
        _learn(self.levered, batch, treated, batch.expected_levered, batch.outcome)
        _learn(self.claimed, batch, treated, batch.expected_plain, batch.claimed)


def _learn(
    ratios: Ratios, batch: Batch, where: NDArray[np.bool_], expected: Whole, outcome: Whole
) -> None:
    ratios.learn(batch.strata[where], expected[where], outcome[where])
