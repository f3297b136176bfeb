"""What levers may do, which kept answers are void, and how good answers were."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.policies import (
    FeedbackIn,
    FeedbackOut,
    InvalidationIn,
    InvalidationOut,
    PoliciesOut,
    PolicyIn,
    PolicyOut,
)
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.optimization.access import DEFAULT, PolicyTerms
from apps.optimization.feedback import InvalidFeedback, give_feedback
from apps.optimization.models import Policy
from apps.optimization.selectors import effective, policies, terms_of
from apps.optimization.services import (
    InvalidPolicy,
    TooManyFlushes,
    invalidate_answers,
    set_policy,
)
from apps.tenants.permissions import Permission

_SUBJECT = ("project_id", "api_key_id")


@extend_schema(tags=["Levers"])
class PoliciesView(OrganizationViewSet):
    declared_access = {"retrieve": Permission.POLICIES_READ, "update": Permission.POLICIES_WRITE}
    raises = {"update": (InvalidPolicy,)}
    http_method_names = ["get", "put", "head"]

    @extend_schema(operation_id="getPolicies", responses=PoliciesOut)
    def retrieve(self, _request: Request) -> Response:
        """Show what levers may do

        Per field the most specific word holds: the key's, the project's, the organization's, the
        default. A lever that is off above cannot be turned on below.
        """
        said = [_shown(row) for row in policies()]
        return Response(PoliciesOut({"default": asdict(DEFAULT), "policies": said}).data)

    @extend_schema(operation_id="setPolicy", request=PolicyIn, responses=PolicyOut)
    def update(self, _request: Request) -> Response:
        """Say what levers may do

        Replaces the whole word of one subject. Holds at gateways within two seconds.
        """
        body = self.checked(PolicyIn)
        subject = {name: body.pop(name, None) for name in _SUBJECT}
        row = set_policy(
            organization=self.organization,
            terms=_terms(body),
            set_by=self.actor.id,
            at=utc_now(),
            **subject,
        )
        return Response(PolicyOut(_shown(row)).data)


@extend_schema(tags=["Levers"])
class CachesView(OrganizationViewSet):
    declared_access = {"invalidate": Permission.CACHES_INVALIDATE}
    raises = {"invalidate": (InvalidPolicy, TooManyFlushes)}

    @extend_schema(
        operation_id="invalidateCaches", request=InvalidationIn, responses=InvalidationOut
    )
    @acts_once
    def invalidate(self, _request: Request) -> Response:
        """Declare kept answers void

        Answers to calls that began before now are not given again: those of a project or of all,
        with a tag or all. Holds at gateways within two seconds.
        """
        flush = invalidate_answers(
            organization=self.organization,
            asked_by=self.actor.id,
            at=utc_now(),
            **self.checked(InvalidationIn),
        )
        return Response(InvalidationOut(flush).data)


@extend_schema(tags=["Levers"])
class FeedbackView(OrganizationViewSet):
    declared_access = {"create": Permission.FEEDBACK_WRITE}
    raises = {"create": (InvalidFeedback,)}

    @extend_schema(operation_id="giveFeedback", request=FeedbackIn, responses={201: FeedbackOut})
    @acts_once
    def create(self, _request: Request) -> Response:
        """Say how good an answer was

        Replaces what the same caller said of the request before. Levers are certified and stopped
        by it.
        """
        body = self.checked(FeedbackIn)
        body["score"] = Decimal(body["score"])
        row = give_feedback(**body, given_by=self.actor.id, at=utc_now())
        return Response(FeedbackOut(row).data, status.HTTP_201_CREATED)


def _terms(body: dict[str, Any]) -> PolicyTerms:
    bound, traffic, models = (
        body.get(name) for name in ("quality_bound", "traffic_percent", "allowed_models")
    )
    return PolicyTerms(
        levers=dict(body.get("levers") or {}),
        quality_bound=None if bound is None else Decimal(bound),
        cache_ttl_s=body.get("cache_ttl_s"),
        caches_any_temperature=body.get("caches_any_temperature"),
        traffic_percent=None if traffic is None else int(traffic),
        allowed_models=None if models is None else tuple(models),
        judge_model=body.get("judge_model"),
        deadline_s=body.get("deadline_s"),
    )


def _shown(row: Policy) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in (*_SUBJECT, "version", "set_by", "created_at")}
    return said | asdict(terms_of(row)) | {"effective": asdict(effective(row))}
