"""Let an experiment run: begin it, say what holds from the next period on, end it. In the scope."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.attribution.models import Experiment, Period
from apps.attribution.services.experiments import (
    ExperimentStopped,
    PeriodTerms,
    check_shares,
    commit_period,
)
from apps.kernel.errors import NetraError
from apps.tenants.models import Organization

# So long before a period begins it is committed to, so that anybody can note the commitment.
AHEAD = timedelta(days=3)
# A first period that would be shorter takes the next month with it.
SHORTEST = timedelta(days=7)


class ExperimentRunning(NetraError):
    code = "experiment_running"
    http_status = 409
    message = "The experiment runs already. Other shares hold from its next period on."


class ExperimentInterrupted(NetraError):
    code = "experiment_interrupted"
    http_status = 409
    message = "Its periods no longer follow each other. Stop it, and begin another one."


@transaction.atomic
def start_experiment(*, organization: Organization, experiment_id: UUID, at: datetime) -> Period:
    """Commit to the first period: from the next full hour to the end of a month in UTC. Raises
    Experiment.DoesNotExist, ExperimentStopped, ExperimentRunning, ExperimentInterrupted.
    """
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    last = experiment.periods.order_by("ends_at").last()
    if last:
        raise ExperimentRunning if last.ends_at > at else ExperimentInterrupted
    starts_at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ends_at = _month_after(starts_at)
    if ends_at - starts_at < SHORTEST:
        ends_at = _month_after(ends_at)
    return _commit(organization, experiment, starts_at, ends_at, at)


@transaction.atomic
def plan_experiment(*, experiment_id: UUID, holdout_percent: int, ramp_percent: int) -> Experiment:
    """Say what holds from the next period on that is not committed to yet. Raises
    Experiment.DoesNotExist, ExperimentStopped, InvalidExperiment.
    """
    check_shares(holdout_percent, ramp_percent)
    experiment = _open(experiment_id)
    experiment.holdout_percent, experiment.ramp_percent = holdout_percent, ramp_percent
    experiment.save(update_fields=("holdout_percent", "ramp_percent"))
    return experiment


@transaction.atomic
def stop_experiment(*, experiment_id: UUID, at: datetime) -> Experiment:
    """Let no period follow. The last one ends as it was committed to, and is stated. Raises
    Experiment.DoesNotExist, ExperimentStopped.
    """
    experiment = _open(experiment_id)
    experiment.stopped_at = at
    experiment.save(update_fields=("stopped_at",))
    return experiment


@transaction.atomic
def commit_next_period(
    *, organization: Organization, experiment_id: UUID, at: datetime
) -> Period | None:
    """Commit to the month that follows the last period, AHEAD of its beginning; None where it is
    too early, or where nothing runs.
    """
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    last = experiment.periods.order_by("ends_at").last()
    if experiment.stopped_at or not last or not at < last.ends_at <= at + AHEAD:
        return None
    return _commit(organization, experiment, last.ends_at, _month_after(last.ends_at), at)


def _open(experiment_id: UUID) -> Experiment:
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    if experiment.stopped_at:
        raise ExperimentStopped
    return experiment


def _commit(
    organization: Organization,
    experiment: Experiment,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> Period:
    terms = PeriodTerms(starts_at, ends_at, experiment.holdout_percent, experiment.ramp_percent)
    return commit_period(organization=organization, experiment_id=experiment.pk, terms=terms, at=at)


def _month_after(at: datetime) -> datetime:
    """The next first of a month, 00:00 UTC."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
