"""Experiments, and the periods that are committed to."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.experiments import (
    ExperimentIn,
    ExperimentOut,
    PeriodIn,
    PeriodOut,
    SharesIn,
    StandingOut,
)
from apps.api.views.base import OrganizationViewSet
from apps.attribution.models import Experiment
from apps.attribution.selectors import experiments, periods, published_salts, standing
from apps.attribution.services import (
    ExperimentInterrupted,
    ExperimentRunning,
    ExperimentStopped,
    ExperimentTaken,
    InvalidExperiment,
    PeriodLeavesGap,
    PeriodsOverlap,
    PeriodTerms,
    commit_period,
    create_experiment,
    plan_experiment,
    start_experiment,
    stop_experiment,
)
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.tenants.services.data_keys import data_key


@extend_schema(tags=["Experiments"])
class ExperimentsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.EXPERIMENTS_READ,
        "create": Permission.EXPERIMENTS_WRITE,
        "retrieve": Permission.EXPERIMENTS_READ,
        "partial_update": Permission.EXPERIMENTS_WRITE,
        "start": Permission.EXPERIMENTS_WRITE,
        "stop": Permission.EXPERIMENTS_WRITE,
        "savings": Permission.EXPERIMENTS_READ,
    }
    raises = {
        "create": (InvalidExperiment, ExperimentTaken),
        "partial_update": (InvalidExperiment, ExperimentStopped),
        "start": (ExperimentStopped, ExperimentRunning, ExperimentInterrupted),
        "stop": (ExperimentStopped,),
    }

    @extend_schema(operation_id="listExperiments", responses=ExperimentOut(many=True))
    def list(self, _request: Request) -> Response:
        """List experiments"""
        return self.page(experiments(), ExperimentOut)

    @extend_schema(
        operation_id="createExperiment", request=ExperimentIn, responses={201: ExperimentOut}
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Begin an experiment

        One for each project and one for all others. Nobody is held out before it has a period.
        """
        row = create_experiment(
            organization=self.organization, at=utc_now(), **self.checked(ExperimentIn)
        )
        return Response(ExperimentOut(row).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="getExperiment", responses=ExperimentOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show an experiment"""
        return Response(ExperimentOut(experiments().get(pk=id)).data)

    @extend_schema(operation_id="planExperiment", request=SharesIn, responses=ExperimentOut)
    def partial_update(self, _request: Request, id: UUID) -> Response:
        """Plan the shares of an experiment's next period

        Periods that are committed to stay as they are: shares change where one ends and the next
        begins, nowhere else.
        """
        row = experiments().get(pk=id)
        planned = {"holdout_percent": row.holdout_percent, "ramp_percent": row.ramp_percent}
        shares = planned | self.checked(SharesIn, is_partial=True)
        row = plan_experiment(
            experiment_id=id,
            holdout_percent=shares["holdout_percent"],
            ramp_percent=int(shares["ramp_percent"]),
        )
        return Response(ExperimentOut(row).data)

    @extend_schema(operation_id="startExperiment", request=None, responses={201: PeriodOut})
    @acts_once
    def start(self, _request: Request, id: UUID) -> Response:
        """Start an experiment

        Commits to its first period, from the next full hour to the end of a month in UTC. Those
        after it are committed to three days before they begin, until it is stopped.
        """
        row = start_experiment(organization=self.organization, experiment_id=id, at=utc_now())
        return Response(PeriodOut(row).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="stopExperiment", request=None, responses=ExperimentOut)
    @acts_once
    def stop(self, _request: Request, id: UUID) -> Response:
        """Stop an experiment

        No period follows the last one that is committed to, which ends as agreed.
        """
        return Response(ExperimentOut(stop_experiment(experiment_id=id, at=utc_now())).data)

    @extend_schema(operation_id="getExperimentSavings", responses=StandingOut)
    def savings(self, _request: Request, id: UUID) -> Response:
        """Show what an experiment has proven so far

        The interval holds at every look, however often one looks. Only its lower edge is billed.
        """
        return Response(StandingOut(standing(experiments().get(pk=id).pk)).data)


@extend_schema(tags=["Experiments"])
class PeriodsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.EXPERIMENTS_READ,
        "create": Permission.EXPERIMENTS_WRITE,
    }
    raises = {"create": (InvalidExperiment, ExperimentStopped, PeriodsOverlap, PeriodLeavesGap)}
    ordered_by = "starts_at"

    @extend_schema(operation_id="listPeriods", responses=PeriodOut(many=True))
    def list(self, _request: Request, id: UUID) -> Response:
        """List the periods of an experiment

        With the commitment to each salt, and the salt itself once the period is over and nobody is
        assigned by it any more.
        """
        rows = periods(Experiment.objects.get(pk=id).pk)
        found = self.paginate_queryset(rows) or []
        at = utc_now()
        key = data_key(self.organization, at=at)
        salts = published_salts(found, organization_id=self.organization.pk, data_key=key, at=at)
        context = {"salts": {each: salt.hex() for each, salt in salts.items()}}
        return self.get_paginated_response(PeriodOut(found, many=True, context=context).data)

    @extend_schema(operation_id="commitPeriod", request=PeriodIn, responses={201: PeriodOut})
    @acts_once
    def create(self, _request: Request, id: UUID) -> Response:
        """Commit to a period of an experiment

        Draws its salt and publishes its commitment. Nothing of a period changes afterwards: other
        shares hold from the next one on.
        """
        body = self.checked(PeriodIn)
        terms = PeriodTerms(**body | {"ramp_percent": int(body["ramp_percent"])})
        row = commit_period(
            organization=self.organization, experiment_id=id, terms=terms, at=utc_now()
        )
        return Response(PeriodOut(row).data, status.HTTP_201_CREATED)
