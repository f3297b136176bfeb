"""What levers are certified for, and on what evidence."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.certificates import CertificateDetailOut, CertificateOut
from apps.api.views.base import OrganizationViewSet
from apps.optimization.selectors import certificate, certificates
from apps.tenants.permissions import Permission


@extend_schema(tags=["Levers"])
class CertificatesView(OrganizationViewSet):
    declared_access = {"list": Permission.POLICIES_READ, "retrieve": Permission.POLICIES_READ}
    ordered_by = "issued_at"

    @extend_schema(operation_id="listCertificates", responses=CertificateOut(many=True))
    def list(self, _request: Request) -> Response:
        """List certificates

        All that were ever issued. A lever that can change answers acts only where one stands.
        """
        return self.page(certificates(), CertificateOut)

    @extend_schema(operation_id="getCertificate", responses=CertificateDetailOut)
    def retrieve(self, _request: Request, id: UUID) -> Response:
        """Show a certificate with its evidence

        The thresholds that were tested in their order, and comparisons without what was asked.
        """
        return Response(CertificateDetailOut(certificate(id)).data)
