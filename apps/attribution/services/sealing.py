"""Bring the logs of experiments up to date from the request log. Inside the scope."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import structlog
from django.db import transaction

from apps.attribution.audit import Charging
from apps.attribution.models import (
    Experiment,
    Period,
    ProofLog,
    SavingsStatement,
    SealedHead,
)
from apps.attribution.selectors import SEALED_FOR
from apps.attribution.sequences import Bound
from apps.attribution.services.due import Due, due_batches
from apps.attribution.services.guarding import judge_quality, tell_of_lost_units, watch_units
from apps.attribution.services.logs import (
    SealedBatch,
    close_log_period,
    open_log,
    open_log_period,
    seal_batch,
)
from apps.attribution.statements import Contract
from apps.pricing.selectors import Books
from apps.tenants.models import Organization
from apps.usage.selectors import comparison_events, unit_events

# Asymptotic at 95 %, one unit counting for 100 USD at the most; a fifth of what is billed.
TERMS = Contract(Bound("asymptotic", Decimal("0.05"), scale=10**11), fee_bp=2_000)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sealed:
    """What came of one run. unexplained: calls whose price was not found again."""

    units: int = 0
    heads: list[SealedHead] = field(default_factory=list)
    unexplained: int = 0
    statements: list[SavingsStatement] = field(default_factory=list)


@transaction.atomic
def seal_experiment(
    *, organization: Organization, experiment_id: UUID, at: datetime, contract: Contract = TERMS
) -> Sealed:
    """Seal the units that are over, in batches of the days on which they closed, and close the
    statements of periods none of whose units goes on. Twice is the same as once. The heads are for
    `announce_heads`, once all experiments are sealed.

    contract: for an experiment that has no log yet. Raises LogRefused where a period does not
    follow the one before.
    """
    sealed = Sealed()
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    for period in _open_periods(organization, experiment, contract, at):
        _seal_period(organization, period, at, sealed)
        judge_quality(organization=organization, period=period, at=at)
        tell_of_lost_units(organization=organization, period=period, at=at)
        if at >= period.ends_at + SEALED_FOR:
            sealed.statements.append(
                close_log_period(organization=organization, period_id=period.pk, at=at)
            )
    return sealed


def _open_periods(
    organization: Organization, experiment: Experiment, contract: Contract, at: datetime
) -> list[Period]:
    """Those that began and have no statement yet, in order, each open in the log."""
    started = experiment.periods.filter(starts_at__lte=at).select_related("experiment")
    begun = list(started.order_by("starts_at"))
    if begun and not ProofLog.objects.filter(pk=experiment.pk).exists():
        open_log(organization=organization, experiment_id=experiment.pk, contract=contract, at=at)
    opened = ProofLog.objects.get(pk=experiment.pk).opened if begun else []
    for period in begun:
        if str(period.pk) not in opened:
            open_log_period(organization=organization, period_id=period.pk, at=at)
    closed = set(SavingsStatement.objects.filter(period__in=begun).values_list("period", flat=True))
    return [period for period in begun if period.pk not in closed]


def _seal_period(organization: Organization, period: Period, at: datetime, sealed: Sealed) -> None:
    books = Books(organization.pk)
    for due in due_batches(period, at=at):
        charging = Charging(books.of)
        batch = _batch(period, due, charging)
        head = seal_batch(organization=organization, period_id=period.pk, batch=batch, at=at)
        watch_units(period=period, units=batch.units, at=at)
        sealed.heads.append(head)
        sealed.units += len(batch.units)
        _warn(period, charging.unexplained, sealed)


def _batch(period: Period, due: Due, charging: Charging) -> SealedBatch:
    by_unit = groupby(unit_events(period.pk, due.units), key=itemgetter("unit"))
    units = [charging.unit_of(name, list(told)) for name, told in by_unit]
    told = comparison_events(period.pk, due.comparisons)
    comparisons = [charging.comparison_of(each) for each in told]
    return SealedBatch(due.day, units, list(charging.rates.values()), comparisons)


def _warn(period: Period, unexplained: Sequence[str], sealed: Sealed) -> None:
    sealed.unexplained += len(unexplained)
    if unexplained:
        log.warning(
            "calls_unexplained",
            period_id=str(period.pk),
            count=len(unexplained),
            first=unexplained[0],
        )
