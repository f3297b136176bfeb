"""An organization that has proven something: one period stated, the next one running."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from apps.attribution.assignment import TREATMENT, arm_of
from apps.attribution.audit import ClosedUnit
from apps.attribution.models import Experiment, Period, SavingsStatement
from apps.attribution.selectors import opened_salt
from apps.attribution.services import (
    PeriodTerms,
    SealedBatch,
    close_log_period,
    commit_period,
    create_experiment,
    open_log,
    open_log_period,
    seal_batch,
)
from apps.attribution.statements import Contract
from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from tests.attribution.audit.journals import CONTRACT, RATES, drawn_unit

MONTH, TAIL = timedelta(days=30), timedelta(days=15)


@dataclass(frozen=True)
class Proven:
    """What `make_proof` made."""

    organization: Organization
    experiment: Experiment
    statement: SavingsStatement


def make_proof(
    organization: Organization,
    *,
    days: int = 2,
    units_a_day: int = 40,
    name: str = "Levers",
    project_id: UUID | None = None,
    contract: Contract = CONTRACT,
    until: datetime | None = None,
) -> Proven:
    """A fifth held out; `days` batches in the period that is stated, as many in the next one."""
    at = until or utc_now()
    began = at - MONTH - TAIL
    known: dict[str, Any] = {"organization": organization, "at": began}
    with tenant_scope(organization):
        experiment = create_experiment(name=name, project_id=project_id, **known)
        first, second = (_period(experiment, began + place * MONTH, known) for place in (0, 1))
        open_log(experiment_id=experiment.pk, contract=contract, **known)
        open_log_period(period_id=first.pk, **known)
        _seal(organization, first, days, units_a_day)
        open_log_period(period_id=second.pk, **known)
        statement = close_log_period(organization=organization, period_id=first.pk, at=at)
        _seal(organization, second, min(days, 14), units_a_day)
        return Proven(organization, experiment, statement)


def _period(experiment: Experiment, starts_at: datetime, known: dict[str, Any]) -> Period:
    terms = PeriodTerms(starts_at, starts_at + MONTH, holdout_percent=20)
    return commit_period(experiment_id=experiment.pk, terms=terms, **known)


def _seal(organization: Organization, period: Period, days: int, units_a_day: int) -> None:
    for day in range(1, days + 1):
        at = period.starts_at + timedelta(days=day)
        units = list(_units(organization, period, f"{period.pk}-{day}", units_a_day))
        batch = SealedBatch(at.date(), units, RATES.values())
        seal_batch(organization=organization, period_id=period.pk, batch=batch, at=at)


def _units(
    organization: Organization, period: Period, name: str, count: int
) -> Iterator[ClosedUnit]:
    generator = np.random.default_rng(count)
    key = data_key(organization, at=period.starts_at)
    drawn: dict[str, Any] = {
        "salt": opened_salt(period, organization_id=organization.pk, data_key=key),
        "organization_id": organization.pk,
        "experiment_id": period.experiment_id,
        "holdout_percent": period.holdout_percent,
    }
    for number in range(count):
        unit = f"conversation:{name}-{number}"
        yield drawn_unit(generator, unit, treated=arm_of(unit, **drawn) == TREATMENT)
