"""Thresholds tested from the strictest on, stopping at the first that fails.

Fixed-sequence testing: each is tested at the whole error rate, and still all claims hold together
(Bauer 1991; used for risk control by Angelopoulos et al., "Learn then Test", 2021).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.optimization.certifying.bounds import binomial_upper


@dataclass(frozen=True, slots=True)
class Evidence:
    """At one threshold: requests that would be served, those of them labelled, those wrong."""

    served: int
    labels: int
    errors: int


def certified_until(
    evidence: Sequence[Evidence],
    *,
    requests: int,
    bound: float,
    error_rate: float,
    least_served: int = 20,
) -> int:
    """How many of the thresholds, from the strictest on, keep errors per request below `bound`.

    Errors per request: the upper bound of errors per labelled hit, times the share of hits. Where
    strict thresholds are served already, their hits are labelled more seldom and so weigh less
    than the riskier ones below them, which errs to the safe side as long as risk falls with the
    score. Thresholds with fewer than `least_served` hits are passed over: nothing speaks of them.
    """
    certified = 0
    for n, at in enumerate(evidence, start=1):
        if at.served < least_served:
            continue
        upper = binomial_upper(at.errors, at.labels, error_rate) if at.labels else 1.0
        if upper * at.served / requests > bound:
            break
        certified = n
    return certified
