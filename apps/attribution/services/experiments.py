"""Begin experiments and commit to their periods. Run inside the organization's scope."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.attribution.access import PART
from apps.attribution.assignment import commitment_of
from apps.attribution.models import (
    LEAST_HOLDOUT,
    MOST_HOLDOUT,
    RAMP,
    USUAL_HOLDOUT,
    Experiment,
    Period,
)
from apps.attribution.selectors import current_periods, salt_binding
from apps.kernel.clock import require_aware
from apps.kernel.errors import NetraError
from apps.kernel.ids import uuid7
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from apps.tenants.services.gateway_parts import publish_part
from apps.tenants.vault import seal

_SALT_BYTES = 32


class InvalidExperiment(NetraError):
    code = "invalid_experiment"
    http_status = 400


class ExperimentTaken(NetraError):
    code = "experiment_taken"
    http_status = 409
    message = (
        "There is an experiment for this place already, or the last period of a stopped one is not"
        " over. Let that one go on, or wait until it ends."
    )


class ExperimentStopped(NetraError):
    code = "experiment_stopped"
    http_status = 409
    message = "The experiment is stopped: no period follows. Begin another one."


class PeriodLeavesGap(NetraError):
    code = "period_leaves_gap"
    http_status = 409
    message = (
        "A period begins when the one before ends: no days are left out of the proof. To leave"
        " some out, stop the experiment and begin another one."
    )


class PeriodsOverlap(NetraError):
    code = "periods_overlap"
    http_status = 409
    message = "Another period of the experiment lies in this time. Begin when it ends."


@dataclass(frozen=True, slots=True)
class PeriodTerms:
    """[starts_at, ends_at). holdout_percent: 1 to 20, of the units that take part. ramp_percent:
    0, 10, 50 or 100, of the traffic that takes part.
    """

    starts_at: datetime
    ends_at: datetime
    holdout_percent: int = 10
    ramp_percent: int = 100


def create_experiment(
    *,
    organization: Organization,
    name: str,
    at: datetime,
    project_id: UUID | None = None,
    holdout_percent: int = USUAL_HOLDOUT,
    ramp_percent: int = RAMP[-1],
) -> Experiment:
    """Compare levers against none, in a project or everywhere. Raises InvalidExperiment,
    ExperimentTaken.

    holdout_percent, ramp_percent: of the periods that begin by themselves (`start_experiment`).
    """
    check_shares(holdout_percent, ramp_percent)
    if not 0 < len(name.strip()) <= 80:
        raise InvalidExperiment("Give the experiment a name of at most 80 characters.")
    open_projects = organization.projects.filter(archived_at=None)
    if project_id and not open_projects.filter(pk=project_id).exists():
        raise InvalidExperiment("Choose an open project of this organization.")
    if Period.objects.filter(experiment__project_id=project_id, ends_at__gt=at).exists():
        raise ExperimentTaken
    try:
        with transaction.atomic():
            return Experiment.objects.create(
                name=name.strip(),
                project_id=project_id,
                holdout_percent=holdout_percent,
                ramp_percent=ramp_percent,
                created_at=at,
            )
    except IntegrityError as error:
        raise ExperimentTaken from error


@transaction.atomic
def commit_period(
    *, organization: Organization, experiment_id: UUID, terms: PeriodTerms, at: datetime
) -> Period:
    """Draw the salt of a period that is to come, and publish its commitment; nothing of a period
    changes afterwards. Raises Experiment.DoesNotExist, InvalidExperiment, ExperimentStopped,
    PeriodsOverlap, PeriodLeavesGap.
    """
    _check_terms(terms, at)
    experiment = Experiment.objects.select_for_update().get(pk=experiment_id)
    _check_follows(experiment, terms)
    key, period_id = data_key(organization, at=at), uuid7()
    salt = secrets.token_bytes(_SALT_BYTES)
    period = Period.objects.create(
        id=period_id,
        experiment=experiment,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        holdout_percent=terms.holdout_percent,
        ramp_percent=terms.ramp_percent,
        sealed_salt=seal(key, salt, bound_to=salt_binding(organization.pk, period_id)),
        commitment=commitment_of(salt),
        created_at=at,
    )
    known = current_periods(organization_id=organization.pk, data_key=key, at=at)
    publish_part(organization=organization, name=PART, document=known.to_dict(), at=at)
    return period


def _check_follows(experiment: Experiment, terms: PeriodTerms) -> None:
    if experiment.stopped_at:
        raise ExperimentStopped
    last = experiment.periods.order_by("ends_at").last()
    if last and terms.starts_at < last.ends_at:
        raise PeriodsOverlap
    if last and terms.starts_at > last.ends_at:
        ends = f"The last period ends at {last.ends_at.isoformat()}."
        raise PeriodLeavesGap(f"{ends} {PeriodLeavesGap.message}")


def _check_terms(terms: PeriodTerms, at: datetime) -> None:
    starts_at, ends_at = require_aware(terms.starts_at), require_aware(terms.ends_at)
    if not at <= starts_at < ends_at:
        raise InvalidExperiment("A period begins in the future and ends after it begins.")
    check_shares(terms.holdout_percent, terms.ramp_percent)


def check_shares(holdout_percent: int, ramp_percent: int) -> None:
    """Raises InvalidExperiment for shares that no period may have."""
    if not LEAST_HOLDOUT <= holdout_percent <= MOST_HOLDOUT:
        raise InvalidExperiment(f"Hold out {LEAST_HOLDOUT} to {MOST_HOLDOUT} percent.")
    if ramp_percent not in RAMP:
        raise InvalidExperiment(f"Choose the ramp from {', '.join(map(str, RAMP))} percent.")
