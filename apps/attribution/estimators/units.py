"""Units that closed together, as arrays."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
WHOLE = 10_000  # basis points: what shares are parts of
# No amount is larger and no batch longer, so that neither product nor sum overflows 64 bits.
MOST = 2**42
LONGEST = 2**20


class InvalidBatch(ValueError):
    """Arrays of different lengths, too many units, or amounts below 0 or above MOST."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of one length, one entry for each unit. Raises InvalidBatch.

    outcome: what the unit cost, or another measure of it; up to the contract's cap.
    expected_plain, expected_levered: what it was expected to cost without and with the levers, from
    what was known when a lever would first have acted (or closed, where none would). claimed: what
    the ledger says that it would have cost without the levers. strata: any integers.
    """

    is_treated: NDArray[np.bool_]
    is_triggered: NDArray[np.bool_]
    outcome: Whole
    expected_plain: Whole
    expected_levered: Whole
    claimed: Whole
    strata: Whole

    def __post_init__(self) -> None:
        arrays: list[NDArray[Any]] = [getattr(self, field.name) for field in fields(self)]
        if len({each.shape for each in arrays}) > 1:
            raise InvalidBatch("Every array needs one entry for each unit.")
        if len(self) > LONGEST:
            raise InvalidBatch(f"A batch has at most {LONGEST} units; make two of it.")
        for amounts in arrays[2:6]:
            if amounts.size and not 0 <= amounts.min() <= amounts.max() <= MOST:
                raise InvalidBatch(f"Amounts lie between 0 and {MOST}.")

    def __len__(self) -> int:
        return len(self.outcome)

    def capped(self, cap: int) -> Self:
        """The same units with every amount up to `cap`, in both arms alike."""
        amounts = (self.outcome, self.expected_plain, self.expected_levered, self.claimed)
        outcome, plain, levered, claimed = (np.minimum(each, cap) for each in amounts)
        return type(self)(
            self.is_treated, self.is_triggered, outcome, plain, levered, claimed, self.strata
        )
