"""Experiments and periods; to be read inside the organization's scope."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.attribution.access import Experiments, PeriodAccess
from apps.attribution.models import Experiment, Period, SavingsStatement
from apps.tenants.vault import binding, unseal

# A unit of a period may go on for so long after its end, as long as it is not idle for a day.
TAIL = timedelta(days=7)
# So long after the end the salt stays secret, for units that go on are still assigned by it. Then
# the period is stated, after which none of them counts.
SEALED_FOR = TAIL
MOST_PERIODS = 1_000


def experiments() -> QuerySet[Experiment]:
    """All, the oldest first."""
    return Experiment.objects.order_by("created_at", "id")


def periods(experiment_id: UUID) -> QuerySet[Period]:
    """Of an experiment, in order, with what is known of their quality."""
    rows = Period.objects.filter(experiment_id=experiment_id).select_related("quality")
    return rows.order_by("starts_at", "id")


def published_salts(
    rows: Iterable[Period], *, organization_id: UUID, data_key: bytes, at: datetime
) -> dict[UUID, bytes]:
    """The salts of those that are over or stated, by the period's id: for whoever checks the
    assignment.
    """
    found = list(rows)
    stated = SavingsStatement.objects.filter(period__in=found).values_list("period_id", flat=True)
    published = {*stated, *(row.pk for row in found if row.ends_at + SEALED_FOR <= at)}
    return {
        row.pk: opened_salt(row, organization_id=organization_id, data_key=data_key)
        for row in found
        if row.pk in published
    }


def opened_salt(period: Period, *, organization_id: UUID, data_key: bytes) -> bytes:
    """The salt of any period: for gateways, which must have it in time, and for what is stated."""
    bound_to = salt_binding(organization_id, period.pk)
    return unseal(data_key, period.sealed_salt, bound_to=bound_to)


def salt_binding(organization_id: UUID, period_id: UUID) -> bytes:
    """What a salt is bound to."""
    return binding(organization_id, f"salt:{period_id}")


def current_periods(*, organization_id: UUID, data_key: bytes, at: datetime) -> Experiments:
    """Those that run, are to come, or whose last units may still go on, as gateways are told."""
    rows = (
        Period.objects.filter(ends_at__gt=at - TAIL)
        .select_related("experiment")
        .order_by("starts_at", "id")[:MOST_PERIODS]
    )
    return Experiments(tuple(_access(row, organization_id, data_key) for row in rows))


def _access(row: Period, organization_id: UUID, data_key: bytes) -> PeriodAccess:
    return PeriodAccess(
        id=row.pk,
        experiment_id=row.experiment_id,
        project_id=row.experiment.project_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        holdout_percent=row.holdout_percent,
        ramp_percent=row.ramp_percent,
        salt=opened_salt(row, organization_id=organization_id, data_key=data_key),
    )
