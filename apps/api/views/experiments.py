"""Experiments, and the periods that are committed to."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.experiments import ExperimentIn, ExperimentOut, PeriodIn, PeriodOut
from apps.api.views.base import OrganizationViewSet
from apps.attribution.models import Experiment
from apps.attribution.selectors import experiments, periods, published_salts
from apps.attribution.services import (
    ExperimentTaken,
    InvalidExperiment,
    PeriodsOverlap,
    PeriodTerms,
    commit_period,
    create_experiment,
)
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission
from apps.tenants.services.data_keys import data_key


@extend_schema(tags=["Experiments"])
class ExperimentsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.EXPERIMENTS_READ,
        "create": Permission.EXPERIMENTS_WRITE,
    }
    raises = {"create": (InvalidExperiment, ExperimentTaken)}

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


@extend_schema(tags=["Experiments"])
class PeriodsView(OrganizationViewSet):
    declared_access = {
        "list": Permission.EXPERIMENTS_READ,
        "create": Permission.EXPERIMENTS_WRITE,
    }
    raises = {"create": (InvalidExperiment, PeriodsOverlap)}
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
