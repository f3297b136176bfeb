"""Experiments go on by themselves, change between periods only, and end as agreed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.attribution.selectors import periods
from apps.attribution.services import (
    ExperimentInterrupted,
    ExperimentRunning,
    ExperimentStopped,
    ExperimentTaken,
    InvalidExperiment,
    PeriodLeavesGap,
    PeriodTerms,
    commit_next_period,
    commit_period,
    create_experiment,
    plan_experiment,
    start_experiment,
    stop_experiment,
)
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 5, 14, 20, tzinfo=UTC)
APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def make(organization: Organization, **options: Any) -> UUID:
    with tenant_scope(organization):
        row = create_experiment(organization=organization, name="Levers", at=AT, **options)
        return row.pk


def act(service: Any, organization: Organization, experiment_id: UUID, **options: Any) -> Any:
    known: dict[str, Any] = {"organization": organization, "experiment_id": experiment_id}
    with tenant_scope(organization):
        return service(**known, **({"at": AT} | options))


def spans(organization: Organization, experiment_id: UUID) -> list[tuple[datetime, datetime]]:
    with tenant_scope(organization):
        return [(each.starts_at, each.ends_at) for each in periods(experiment_id)]


def test_it_begins_at_the_next_full_hour_and_goes_on_month_by_month(acme: Organization) -> None:
    globex = make_organization("Globex")
    known, theirs = make(acme, holdout_percent=5, ramp_percent=10), make(globex)
    first = act(start_experiment, acme, known)
    assert (first.holdout_percent, first.ramp_percent) == (5, 10)
    early = [APRIL - 4 * DAY, APRIL - 3 * DAY, APRIL - 3 * DAY, APRIL]
    made = [act(commit_next_period, acme, known, at=at) for at in early]
    assert [bool(each) for each in made] == [False, True, False, False]
    begins = datetime(2026, 3, 5, 15, tzinfo=UTC)
    assert spans(acme, known) == [(begins, APRIL), (APRIL, MAY)]
    assert spans(globex, theirs) == []


def test_a_first_period_of_a_few_days_takes_the_next_month_with_it(acme: Organization) -> None:
    at = datetime(2026, 3, 28, 9, tzinfo=UTC)
    period = act(start_experiment, acme, make(acme), at=at)
    assert (period.starts_at, period.ends_at) == (at + timedelta(hours=1), MAY)


def test_other_shares_hold_from_the_next_period_on_and_not_before(acme: Organization) -> None:
    known = make(acme)
    first = act(start_experiment, acme, known)
    with tenant_scope(acme):
        plan_experiment(experiment_id=known, holdout_percent=3, ramp_percent=50)
        with pytest.raises(InvalidExperiment):
            plan_experiment(experiment_id=known, holdout_percent=3, ramp_percent=49)
    second = act(commit_next_period, acme, known, at=APRIL - DAY)
    with tenant_scope(acme):
        shares = [(each.holdout_percent, each.ramp_percent) for each in periods(known)]
    assert shares == [(10, 100), (3, 50)]
    assert second.starts_at == first.ends_at


def test_a_stopped_one_ends_as_agreed_and_another_begins_when_it_is_over(
    acme: Organization,
) -> None:
    known = make(acme)
    act(start_experiment, acme, known)
    with tenant_scope(acme):
        stop_experiment(experiment_id=known, at=AT)
        with pytest.raises(ExperimentStopped):
            stop_experiment(experiment_id=known, at=AT)
        with pytest.raises(ExperimentStopped):
            plan_experiment(experiment_id=known, holdout_percent=3, ramp_percent=50)
    assert act(commit_next_period, acme, known, at=APRIL - DAY) is None
    assert spans(acme, known)[0][1] == APRIL
    with pytest.raises(ExperimentTaken):
        make(acme)
    with tenant_scope(acme):
        create_experiment(organization=acme, name="Again", at=APRIL)


def test_it_starts_once_and_not_after_a_gap(acme: Organization) -> None:
    known = make(acme)
    act(start_experiment, acme, known)
    with pytest.raises(ExperimentRunning):
        act(start_experiment, acme, known)
    with pytest.raises(ExperimentInterrupted):
        act(start_experiment, acme, known, at=MAY)
    with pytest.raises(PeriodLeavesGap):
        act(commit_period, acme, known, terms=PeriodTerms(APRIL + DAY, MAY))
    stopped = make_organization("Stopped")
    other = make(stopped)
    with tenant_scope(stopped):
        stop_experiment(experiment_id=other, at=AT)
    with pytest.raises(ExperimentStopped):
        act(start_experiment, stopped, other)
