"""Periods are committed to before they begin, and reach the gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.attribution.access import Experiments
from apps.attribution.assignment import commitment_of
from apps.attribution.models import Period
from apps.attribution.selectors import SEALED_FOR, experiments, periods, published_salts
from apps.attribution.services import (
    ExperimentTaken,
    InvalidExperiment,
    PeriodsOverlap,
    PeriodTerms,
    commit_period,
    create_experiment,
)
from apps.proxy.snapshot import Shard
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.selectors import organization_access
from apps.tenants.services.data_keys import data_key
from tests.factories import make_organization, make_project

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = timedelta(days=31)


def experiment(organization: Organization, **options: Any) -> Any:
    with tenant_scope(organization):
        return create_experiment(organization=organization, name="March", at=AT, **options).pk


def commit(
    organization: Organization, experiment_id: Any, starts_at: datetime = AT, **more: Any
) -> Period:
    terms = PeriodTerms(**{"starts_at": starts_at, "ends_at": starts_at + MONTH} | more)
    with tenant_scope(organization):
        return commit_period(
            organization=organization, experiment_id=experiment_id, terms=terms, at=AT
        )


def told(organization: Organization) -> Experiments:
    [known] = organization_access([organization.pk], at=AT)
    return Shard(known, {}).experiments


def test_a_period_reaches_the_gateway_with_the_salt_that_was_committed_to() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    period = commit(acme, experiment(acme), holdout_percent=5, ramp_percent=50)
    running = told(acme).running(project_id=acme.pk, at=AT)
    assert running is not None
    assert commitment_of(running.salt) == period.commitment
    assert (running.id, running.holdout_percent, running.ramp_percent) == (period.pk, 5, 50)
    assert running.propensity == 0.95
    assert running.salt not in bytes(period.sealed_salt)
    assert told(acme).running(project_id=acme.pk, at=period.ends_at) is None
    assert told(globex) == Experiments()


def test_the_salt_is_published_when_nobody_is_assigned_by_it_any_more() -> None:
    acme = make_organization()
    period = commit(acme, experiment(acme))
    known: dict[str, Any] = {"organization_id": acme.pk, "data_key": data_key(acme, at=AT)}
    over = period.ends_at + SEALED_FOR
    with tenant_scope(acme):
        assert published_salts([period], at=over - timedelta(seconds=1), **known) == {}
        published = published_salts([period], at=over, **known)
    assert commitment_of(published[period.pk]) == period.commitment


def test_a_projects_own_experiment_comes_before_the_organizations() -> None:
    acme = make_organization()
    project = make_project(acme)
    whole = commit(acme, experiment(acme))
    own = commit(acme, experiment(acme, project_id=project.pk))
    found = [told(acme).running(project_id=each, at=AT) for each in (project.pk, acme.pk)]
    assert [each and each.id for each in found] == [own.pk, whole.pk]


def test_periods_follow_each_other_and_never_overlap() -> None:
    acme = make_organization()
    known = experiment(acme)
    first = commit(acme, known)
    second = commit(acme, known, first.ends_at)
    with tenant_scope(acme):
        assert [each.pk for each in periods(known)] == [first.pk, second.pk]
        assert experiments().count() == 1
    with pytest.raises(PeriodsOverlap):
        commit(acme, known, first.ends_at - timedelta(seconds=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"holdout_percent": 0},
        {"holdout_percent": 21},
        {"ramp_percent": 30},
        {"starts_at": AT - timedelta(seconds=1)},
        {"ends_at": AT},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    acme = make_organization()
    with pytest.raises(InvalidExperiment):
        commit(acme, experiment(acme), **wrong)


def test_one_experiment_each_place_and_of_ones_own() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    experiment(acme)
    with pytest.raises(ExperimentTaken):
        experiment(acme)
    with pytest.raises(InvalidExperiment):
        experiment(acme, project_id=make_project(globex).pk)
    with tenant_scope(acme), pytest.raises(InvalidExperiment):
        create_experiment(organization=acme, name=" ", at=AT)
