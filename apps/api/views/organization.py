"""The organization itself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.organization import OrganizationChange, OrganizationOut
from apps.api.views.base import OrganizationViewSet
from apps.tenants.permissions import Permission
from apps.tenants.services.organizations import InvalidSetting, update_organization


@extend_schema(tags=["Organization"])
class OrganizationView(OrganizationViewSet):
    declared_access = {
        "retrieve": Permission.ORGANIZATION_READ,
        "partial_update": Permission.ORGANIZATION_UPDATE,
    }
    raises = {"partial_update": (InvalidSetting,)}

    @extend_schema(operation_id="getOrganization", responses=OrganizationOut)
    def retrieve(self, _request: Request) -> Response:
        """Show the organization

        Its settings, its plan and what it may use now.
        """
        return Response(OrganizationOut(self.organization).data)

    @extend_schema(
        operation_id="updateOrganization", request=OrganizationChange, responses=OrganizationOut
    )
    def partial_update(self, _request: Request) -> Response:
        """Change the organization

        Fields left out stay as they are.
        """
        now = self.organization
        settings = {"name": now.name, "time_zone": now.time_zone, "currency": now.currency}
        changed = update_organization(
            organization=now, **(settings | self.checked(OrganizationChange))
        )
        return Response(OrganizationOut(changed).data)
