"""What is certified, on what evidence, and what is still being gathered. Inside the scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.optimization.models import Certificate, Evidence, ShadowComparison

STANDING, EXPIRED = "standing", "expired"
# Of a namespace in which nothing serves: no label yet, too few, or too many errors for a while.
WATCHED, COLLECTING, WITHDRAWN = "watched", "collecting", "withdrawn"
MOST_GATHERED = 200
_PLACE = ("project_id", "lever", "namespace")
Place = tuple[UUID, str, str]
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known so far of one namespace. usd: what it cost; None in part where unpriced."""

    evidence: Evidence
    labels: int
    errors: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Namespace:
    """One kind of calls and how far its evidence is. state: standing, watched, collecting or
    withdrawn. certificate: the newest one, if there was any.
    """

    project_id: UUID
    lever: str
    namespace: str
    state: str
    labels: int
    errors: int
    certificate: Certificate | None


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


def gathered(*, at: datetime, project_id: UUID | None = None) -> Sequence[Gathered]:
    """Namespaces without a certificate that stands, those with most calls first."""
    known = set(certificates(at=at).values_list(*_PLACE))
    found = _of_project(Evidence.objects.annotate(**_counted()), project_id)
    rows = [
        row
        for row in found.order_by("-seen", "id")[: MOST_GATHERED + len(known)]
        if _place(row) not in known
    ]
    return [_gathered(row) for row in rows[:MOST_GATHERED]]


def _gathered(row: Evidence) -> Gathered:
    labels, errors, usd = (getattr(row, name) for name in ("labels", "errors", "usd"))
    return Gathered(row, labels or 0, errors or 0, usd or Decimal(0))


def namespaces(*, at: datetime, project_id: UUID | None = None) -> Sequence[Namespace]:
    """All that is known of, certified ones first, then those with most calls."""
    latest = Certificate.objects.order_by(*_PLACE, "-issued_at", "-id").distinct(*_PLACE)
    rows = {_place(row): row for row in _of_project(latest, project_id)[:MOST_GATHERED]}
    states = {place: state_of(row, at=at) for place, row in rows.items()}
    certified = [
        Namespace(*place, STANDING, row.labels, row.errors, row)
        for place, row in rows.items()
        if states[place] == STANDING
    ]
    return certified + [
        _open(each, rows.get(place), states.get(place, ""))
        for each in gathered(at=at, project_id=project_id)
        for place in (_place(each.evidence),)
    ]


def _open(found: Gathered, last: Certificate | None, ended: str) -> Namespace:
    """One that serves nothing. last: the certificate that it had, `ended` as state_of says."""
    collected = COLLECTING if found.labels else WATCHED
    state = WITHDRAWN if ended == "drift" else collected
    return Namespace(*_place(found.evidence), state, found.labels, found.errors, last)


def _place(row: Certificate | Evidence) -> Place:
    return row.project_id, row.lever, row.namespace


def _of_project(rows: QuerySet[Row], project_id: UUID | None) -> QuerySet[Row]:
    return rows if project_id is None else rows.filter(project_id=project_id)


def _counted() -> dict[str, Subquery]:
    """Of each namespace: labels, wrong ones, and what they cost since its evidence began."""
    told = ShadowComparison.objects.filter(
        **{name: OuterRef(name) for name in _PLACE},
        asked_at__gte=Coalesce(OuterRef("since"), OuterRef("last_at")),
    )
    sums = told.order_by().values("lever")
    spent = Coalesce(Sum("judge_usd"), Decimal(0)) + Coalesce(Sum("shadow_usd"), Decimal(0))
    return {
        "labels": Subquery(sums.annotate(n=Count("id")).values("n")),
        "errors": Subquery(sums.annotate(n=Count("id", filter=Q(is_wrong=True))).values("n")),
        "usd": Subquery(sums.annotate(n=spent).values("n")),
    }
