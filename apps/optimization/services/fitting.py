"""One look at the evidence of a namespace: what it certifies, and by which tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.optimization.certifying import binomial_upper, confidence_left, look_number
from apps.optimization.certifying.pairs import Pair, drawn_alike, fitted_pairs
from apps.optimization.certifying.sequence import Step
from apps.optimization.certifying.thresholds import Label, fitted_threshold
from apps.optimization.models import Evidence, ShadowComparison

ERROR_RATE = 0.05
# A served answer may be wrong more often than answers may be per request, but not that much more.
HITS_FACTOR, MOST_WRONG_HITS = 10, 0.5
# Levers whose evidence are pairs of answers, and not hits among requests.
PAIRED = frozenset({"routing"})
_FIRST_LOOK, _FIRST_PAIRS, _RATIO = 1_000, 200, 2.0
MOST_COMPARISONS = 50_000


@dataclass(frozen=True, slots=True)
class Look:
    """What the look number `number` certifies; see Certificate."""

    number: int
    threshold: float
    requests: int
    labels: int
    errors: int
    error_upper: float
    hit_upper: float
    thresholds: Sequence[Mapping[str, Any]]
    terms: Mapping[str, Any] = field(default_factory=dict)


def comparisons_of(row: Evidence) -> QuerySet[ShadowComparison]:
    """Those that count, in the order of their calls."""
    found = ShadowComparison.objects.filter(
        project_id=row.project_id, lever=row.lever, namespace=row.namespace
    )
    since = found if row.since is None else found.filter(asked_at__gte=row.since)
    return since.order_by("asked_at", "event_id")


def _drawn(row: Evidence) -> QuerySet[ShadowComparison]:
    """Pairs that were drawn at random: whoever complains was not."""
    return comparisons_of(row).exclude(labeller="feedback")


def looks_due(row: Evidence) -> int:
    """How many looks there are to be by now."""
    if row.lever in PAIRED:
        pairs = _drawn(row).count()
        return look_number(pairs, first=_FIRST_PAIRS, ratio=_RATIO)
    return look_number(row.seen, first=_FIRST_LOOK, ratio=_RATIO)


def look_at(row: Evidence, *, below: float | None, bound: Decimal, number: int) -> Look | None:
    """What holds at this look for `bound`; None: nothing new. below: a threshold that holds."""
    rate = confidence_left(ERROR_RATE, number)
    if row.lever in PAIRED:
        return _pairs(row, bound=float(bound), rate=rate, number=number)
    return _hits(row, below=below, bound=float(bound), rate=rate, number=number)


def cost_of(row: Evidence) -> Decimal:
    """What judging and asking twice cost so far."""
    spent = comparisons_of(row).aggregate(
        usd=Coalesce(Sum("judge_usd"), Decimal(0)) + Coalesce(Sum("shadow_usd"), Decimal(0))
    )
    return Decimal(spent["usd"])


def _hits(
    row: Evidence, *, below: float | None, bound: float, rate: float, number: int
) -> Look | None:
    told = comparisons_of(row).values_list("score", "is_wrong")[:MOST_COMPARISONS]
    fitted = fitted_threshold(
        {int(place): count for place, count in row.scores.items()},
        [Label(score, is_wrong) for score, is_wrong in told],
        requests=row.requests,
        below=below,
        bound=bound,
        hit_bound=min(HITS_FACTOR * bound, MOST_WRONG_HITS),
        error_rate=rate,
    )
    step = fitted.deciding
    if fitted.threshold is None or step is None:
        return None
    return Look(
        number,
        fitted.threshold,
        row.requests,
        step.at.labels,
        step.at.errors,
        step.request_upper,
        step.hit_upper,
        [_shown(threshold, each) for threshold, each in fitted.steps],
    )


def _shown(threshold: float, step: Step) -> dict[str, Any]:
    return {
        "threshold": threshold,
        "served": step.at.served,
        "labels": step.at.labels,
        "errors": step.at.errors,
        "request_upper": step.request_upper,
        "hit_upper": step.hit_upper,
        "holds": step.holds,
    }


def _pairs(row: Evidence, *, bound: float, rate: float, number: int) -> Look | None:
    told = _drawn(row).values_list("event_id", "kind", "is_wrong", "probability")
    pairs = drawn_alike([Pair(*each) for each in told[:MOST_COMPARISONS]])
    fitted = fitted_pairs(pairs, bound=bound, error_rate=rate)
    if fitted is None or fitted.threshold is None:
        return None
    hit_upper = binomial_upper(fitted.errors, fitted.served, rate) if fitted.served else 1.0
    request_upper = binomial_upper(fitted.errors, len(pairs), rate)
    step = {
        "threshold": fitted.threshold,
        "served": fitted.served,
        "labels": fitted.served,
        "errors": fitted.errors,
        "request_upper": request_upper,
        "hit_upper": hit_upper,
        "holds": True,
    }
    model = row.namespace.rpartition(">")[2]
    return Look(
        number, fitted.threshold, len(pairs), fitted.served, fitted.errors, request_upper,
        hit_upper, [step],
        {"model": model, "gains": dict(fitted.gains), "overall": fitted.overall},
    )  # fmt: skip
