"""What to do with a candidate of some score, once a threshold is certified. Plain, and quick."""

from dataclasses import dataclass
from enum import StrEnum

SHADOW_SHARE = 0.1


class Action(StrEnum):
    """What to do with a candidate. SHADOW: ask the model and compare; MISS: ask the model."""

    SERVE = "serve"
    SHADOW = "shadow"
    MISS = "miss"


@dataclass(frozen=True, slots=True)
class Decision:
    """`probability` with which the candidate's label is known: 1 for a miss, whose answer is."""

    action: Action
    probability: float


def decide(score: float, threshold: float | None, *, draw: float) -> Decision:
    """`draw`: uniform in [0, 1), from a source that the caller cannot guess."""
    if threshold is None or score < threshold:
        return Decision(Action.MISS, 1.0)
    shadowed = draw < SHADOW_SHARE
    return Decision(Action.SHADOW if shadowed else Action.SERVE, SHADOW_SHARE)
