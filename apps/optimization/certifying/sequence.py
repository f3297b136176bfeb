"""Thresholds tested from the strictest on, stopping at the first that fails.

Fixed-sequence testing: each is tested at the whole error rate, and still all claims hold together
(Bauer 1991; used for risk control by Angelopoulos et al., "Learn then Test", 2021). A threshold
that must hold two bounds is tested for both at the whole rate too, since it fails by either one
(intersection-union test, Berger 1982).
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


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold that was tested: the number of it, and upper bounds of the share of errors

    per served answer and per request.
    """

    number: int
    at: Evidence
    hit_upper: float
    request_upper: float
    holds: bool


def steps_tested(
    evidence: Sequence[Evidence],
    *,
    requests: int,
    bound: float,
    error_rate: float,
    hit_bound: float = 1.0,
    least_served: int = 20,
) -> list[Step]:
    """The thresholds up to the first that fails, from the strictest on, numbered from 0.

    Errors per request: the upper bound of errors per labelled hit, times the share of hits. Where
    strict thresholds are served already, their hits are labelled more seldom and so weigh less
    than the riskier ones below them, which errs to the safe side as long as risk falls with the
    score. Thresholds with fewer than `least_served` hits are passed over: nothing speaks of them.
    """
    tested: list[Step] = []
    for n, at in enumerate(evidence):
        if at.served < least_served:
            continue
        upper = binomial_upper(at.errors, at.labels, error_rate) if at.labels else 1.0
        per_request = upper * at.served / requests
        holds = per_request <= bound and upper <= hit_bound
        tested.append(Step(n, at, upper, per_request, holds))
        if not holds:
            break
    return tested


def certified_until(
    evidence: Sequence[Evidence],
    *,
    requests: int,
    bound: float,
    error_rate: float,
    hit_bound: float = 1.0,
    least_served: int = 20,
) -> int:
    """How many of the thresholds, from the strictest on, keep errors below both bounds."""
    tested = steps_tested(
        evidence,
        requests=requests,
        bound=bound,
        error_rate=error_rate,
        hit_bound=hit_bound,
        least_served=least_served,
    )
    return max((step.number + 1 for step in tested if step.holds), default=0)
