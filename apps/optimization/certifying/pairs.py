"""From labelled pairs (the untouched answer, the lever's) to the gain from which on it may act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from apps.optimization.routing.certifying import certified_threshold
from apps.optimization.routing.gains import fitted_gains

LEAST_PAIRS = 100
_HASHED = 1 << 32


@dataclass(frozen=True, slots=True)
class Pair:
    """kind: what the lever tells requests apart by. probability: with which the pair was drawn."""

    event_id: UUID
    kind: str
    is_wrong: bool
    probability: float


@dataclass(frozen=True, slots=True)
class FittedPairs:
    """threshold: of expected gain, None: nothing holds. gains: of each kind; overall: of others."""

    threshold: float | None
    gains: Mapping[str, float]
    overall: float
    served: int
    errors: int


def drawn_alike(pairs: Sequence[Pair]) -> list[Pair]:
    """Thinned until each was drawn with the probability of the least likely, by its own id: else
    what is drawn more often would speak for more requests than it stands for.
    """
    least = min((pair.probability for pair in pairs), default=1.0)
    return [pair for pair in pairs if _draw(pair.event_id) * pair.probability < least]


def fitted_pairs(pairs: Sequence[Pair], *, bound: float, error_rate: float) -> FittedPairs | None:
    """pairs: in the order of their calls, drawn alike. bound: on wrong answers per request. None:
    too few of them.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    losses = np.array([float(pair.is_wrong) for pair in pairs])
    kinds = [pair.kind for pair in pairs]
    # No vectors: what was asked is not kept.
    fit = fitted_gains(kinds, np.zeros((len(pairs), 1), np.float32), -losses)
    threshold = certified_threshold(fit.left_out, losses, bound=bound, error_rate=error_rate)
    routed = fit.left_out >= (np.inf if threshold is None else threshold)
    return FittedPairs(
        threshold,
        fit.model.classes,
        fit.model.overall,
        int(routed.sum()),
        int(losses[routed].sum()),
    )


def _draw(event_id: UUID) -> float:
    """In [0, 1): the last bits of a UUIDv7 are random."""
    return event_id.int % _HASHED / _HASHED
