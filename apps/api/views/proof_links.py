"""Links to the proof for people without a login."""

from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import acts_once
from apps.api.serializers.proof_links import ProofLinkIn, ProofLinkOut, ProofLinkSecretOut
from apps.api.views.base import OrganizationViewSet
from apps.attribution.sharing.selectors import proof_links
from apps.attribution.sharing.services import (
    InvalidProofLink,
    LinkTerms,
    TooManyProofLinks,
    create_proof_link,
    revoke_proof_link,
)
from apps.kernel.clock import utc_now
from apps.tenants.permissions import Permission


@extend_schema(tags=["Statements"])
class ProofLinksView(OrganizationViewSet):
    declared_access = {
        "list": Permission.PROOF_SHARE,
        "create": Permission.PROOF_SHARE,
        "revoke": Permission.PROOF_SHARE,
    }
    raises = {"create": (InvalidProofLink, TooManyProofLinks)}

    @extend_schema(operation_id="listProofLinks", responses=ProofLinkOut(many=True))
    def list(self, _request: Request) -> Response:
        """List links to the proof

        Also those that expired or were revoked.
        """
        return self.page(proof_links(self.organization), ProofLinkOut)

    @extend_schema(
        operation_id="createProofLink", request=ProofLinkIn, responses={201: ProofLinkSecretOut}
    )
    @acts_once
    def create(self, _request: Request) -> Response:
        """Make a link to the proof

        Whoever has it reads one statement, one experiment as it runs, or the estimate of one
        import, without signing in, and nothing else. `url` is shown in this answer only.
        """
        made = create_proof_link(
            organization=self.organization,
            terms=LinkTerms(**self.checked(ProofLinkIn)),
            created_by=self.actor.user,
            at=utc_now(),
        )
        url = urljoin(settings.PORTAL_URL, reverse("portal:shared_proof", args=[made.token]))
        answer = ProofLinkSecretOut(made.link, context={"url": url})
        return Response(answer.data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="revokeProofLink", request=None, responses=ProofLinkOut)
    @acts_once
    def revoke(self, _request: Request, id: UUID) -> Response:
        """Revoke a link to the proof

        It opens nothing from now on. A second time changes nothing.
        """
        row = revoke_proof_link(organization=self.organization, link_id=id, at=utc_now())
        return Response(ProofLinkOut(row).data)
