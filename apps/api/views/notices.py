"""Notices, and how much of the plan is used."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.notices import NoticeOut, NoticeQuery, PlanUseOut
from apps.api.views.base import OrganizationViewSet
from apps.kernel.clock import utc_now
from apps.notices.selectors import notices
from apps.tenants.permissions import Permission
from apps.tenants.plans import plan_of
from apps.tenants.selectors import entitlements
from apps.usage.allowances.selectors import uses


@extend_schema(tags=["Notices"])
class NoticesView(OrganizationViewSet):
    declared_access = {"list": Permission.NOTICES_READ}
    ordered_by = "at"

    @extend_schema(
        operation_id="listNotices", parameters=[NoticeQuery], responses=NoticeOut(many=True)
    )
    def list(self, _request: Request) -> Response:
        """List notices

        What the organization was told by e-mail and webhook, newest first.
        """
        wanted = self.asked(NoticeQuery).validated_data
        return self.page(notices(self.organization).filter(**wanted), NoticeOut)


@extend_schema(tags=["Usage"])
class PlanUseView(OrganizationViewSet):
    declared_access = {"retrieve": Permission.USAGE_READ}

    @extend_schema(operation_id="getPlanLimits", responses=PlanUseOut)
    def retrieve(self, _request: Request) -> Response:
        """Show how much of the plan is used

        Measured every hour. Calls through the gateway are never cut by a plan; set a hard budget
        where they should be.
        """
        at = utc_now()
        plan = plan_of(entitlements(self.organization, at=at)).code
        return Response(PlanUseOut({"plan": plan, "limits": uses(self.organization, at=at)}).data)
