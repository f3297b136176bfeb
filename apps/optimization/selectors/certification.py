"""What is certified, on what evidence, and what is still being gathered. Inside the scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.optimization.models import Certificate, Evidence, ShadowComparison

STANDING, EXPIRED = "standing", "expired"
MOST_GATHERED = 200


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known so far of one namespace. usd: what it cost; None in part where unpriced."""

    evidence: Evidence
    labels: int
    errors: int
    usd: Decimal


def certificates(*, at: datetime | None = None) -> QuerySet[Certificate]:
    """All that were ever issued, the newest first; with `at` those that stand then."""
    rows = Certificate.objects.order_by("-issued_at", "-id")
    return rows if at is None else rows.filter(ended_at=None, expires_at__gt=at)


def certificate(certificate_id: UUID) -> Certificate:
    """Raises Certificate.DoesNotExist."""
    return Certificate.objects.get(pk=certificate_id)


def state_of(row: Certificate, *, at: datetime) -> str:
    """standing, expired, or why it ended: drift, bound_lowered, replaced."""
    if row.ended_at is not None:
        return row.end_reason
    return STANDING if at < row.expires_at else EXPIRED


def evidence_of(row: Certificate) -> Evidence | None:
    """What is being counted in the certificate's namespace; None: nothing for long."""
    return Evidence.objects.filter(
        project_id=row.project_id, lever=row.lever, namespace=row.namespace
    ).first()


def comparisons(row: Certificate) -> QuerySet[ShadowComparison]:
    """Those of the certificate's namespace, the newest first; none of them has content."""
    return ShadowComparison.objects.filter(
        project_id=row.project_id, lever=row.lever, namespace=row.namespace
    ).order_by("-asked_at", "-id")


def gathered(*, at: datetime) -> Sequence[Gathered]:
    """Namespaces without a certificate that stands, those with most calls first."""
    known = set(certificates(at=at).values_list("project_id", "lever", "namespace"))
    rows = [
        row
        for row in Evidence.objects.order_by("-seen", "id")[: MOST_GATHERED + len(known)]
        if (row.project_id, row.lever, row.namespace) not in known
    ]
    return [_gathered(row) for row in rows[:MOST_GATHERED]]


def _gathered(row: Evidence) -> Gathered:
    found = ShadowComparison.objects.filter(
        project_id=row.project_id,
        lever=row.lever,
        namespace=row.namespace,
        asked_at__gte=row.since or row.last_at,
    ).aggregate(
        labels=Count("id"),
        errors=Count("id", filter=Q(is_wrong=True)),
        usd=Coalesce(Sum("judge_usd"), Decimal(0)) + Coalesce(Sum("shadow_usd"), Decimal(0)),
    )
    return Gathered(row, found["labels"], found["errors"], Decimal(found["usd"]))
