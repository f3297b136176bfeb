"""What callers say of answers that levers gave: a bad one is an error, whoever finds it.

Who complains is nobody's random sample, so that praise labels nothing, and a complaint counts for
its own call alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.optimization.models import Feedback, ShadowComparison
from apps.optimization.services.certificates import evict
from apps.usage.selectors import decisions_of

# Scores below it say that an answer was bad.
GOOD = Decimal("0.5")
# A call's record reaches the tables within it, or is lost.
PATIENCE = timedelta(days=1)
ACTED = "act"


def count_feedback(*, at: datetime) -> int:
    """Bad scores of the last day for answers that a lever gave, each once, as labels; the kept
    answers behind them are evicted. How many were new; publish certificates then.
    """
    told = Feedback.objects.filter(score__lt=GOOD, given_at__gt=at - PATIENCE)
    counted = ShadowComparison.objects.filter(labeller="feedback", judged_at__gt=at - PATIENCE)
    known = set(counted.values_list("event_id", flat=True))
    asked = set(told.order_by("given_at").values_list("request_id", flat=True)) - known
    return sum(_count(request_id, at) for request_id in sorted(asked))


def _count(request_id: UUID, at: datetime) -> int:
    found = decisions_of(request_id)
    if found is None:
        return 0
    asked_at, project_id, decisions = found
    acted = [each for each in decisions if each.get("decision") == ACTED]
    rows = [_row(request_id, project_id, asked_at, each, at) for each in acted if _is_scored(each)]
    ShadowComparison.objects.bulk_create(rows, ignore_conflicts=True)
    entries = {str(each["entry"]) for each in acted if each.get("entry")}
    return len(rows) + evict(entries, cause="feedback", at=at)


def _is_scored(decision: Mapping[str, Any]) -> bool:
    return decision.get("namespace") is not None and decision.get("score") is not None


def _row(
    request_id: UUID,
    project_id: UUID,
    asked_at: datetime,
    decision: Mapping[str, Any],
    at: datetime,
) -> ShadowComparison:
    return ShadowComparison(
        event_id=request_id,
        project_id=project_id,
        lever=decision["lever"],
        namespace=decision["namespace"],
        score=decision["score"],
        probability=1.0,
        is_wrong=True,
        labeller="feedback",
        entry=decision.get("entry"),
        kind="",
        asked_at=asked_at,
        judged_at=at,
    )
