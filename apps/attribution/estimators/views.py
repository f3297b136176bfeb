"""Views of a whole that never add up to more than it: by lever, by segment."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from apps.attribution.estimators.units import Whole
from apps.attribution.sequences import Bound, Sums, lower_bound

Name = TypeVar("Name", bound=str | int)


def split(total: int, weights: Mapping[Name, int]) -> dict[Name, int]:
    """Parts of `total` in proportion to the weights above 0; they sum to it exactly.

    A weight of 0 or less gets nothing; without any above 0 nobody does, and the parts sum to 0, or
    a loss is shared alike. Ties of the last unit go to the first names.
    """
    positive = {name: max(weight, 0) for name, weight in weights.items()}
    if not any(positive.values()):
        if total >= 0:
            return dict.fromkeys(weights, 0)
        positive = dict.fromkeys(weights, 1)
    return _split(total, positive)


def _split(total: int, weights: Mapping[Name, int]) -> dict[Name, int]:
    whole = sum(weights.values())
    parts = {name: total * weight // whole for name, weight in weights.items()}
    left = total - sum(parts.values())
    by_remainder = sorted(weights, key=lambda name: (-(total * weights[name] % whole), name))
    for name in by_remainder[:left]:
        parts[name] += 1
    return parts


def by_segment(segments: Sequence[Name], scores: Whole) -> dict[Name, int]:
    """What was saved on the units of each segment: point estimates that sum to the whole's.

    segments: one name for each score.
    """
    names, places = np.unique(np.asarray(segments), return_inverse=True)
    return {
        name: sum(scores[places == place].tolist()) for place, name in enumerate(names.tolist())
    }


def proven_by_segment(segments: Mapping[Name, Sums], bound: Bound, whole: int) -> dict[Name, int]:
    """Each segment's own lower bound, at least 0; scaled down where they would exceed `whole`."""
    own = {name: max(lower_bound(sums, bound) or 0, 0) for name, sums in segments.items()}
    return own if sum(own.values()) <= whole else split(max(whole, 0), own)
