"""Reads: an organization's disputes, newest first, with their recomputations."""

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.attribution.disputes.models import Dispute, Recomputation
from apps.tenants.models import Organization


def disputes(organization: Organization) -> QuerySet[Dispute]:
    """Newest first, with the recomputations, the latest first."""
    latest = Recomputation.objects.order_by("-requested_at", "-id")
    rows = organization.disputes.prefetch_related(Prefetch("recomputations", latest))
    return rows.order_by("-opened_at", "-id")


def report_of(organization: Organization, dispute_id: UUID) -> Recomputation:
    """The latest finished recomputation of a dispute. Raises Recomputation.DoesNotExist."""
    finished = Recomputation.objects.filter(
        dispute__organization=organization, dispute_id=dispute_id, finished_at__isnull=False
    )
    return finished.order_by("-finished_at", "-id")[:1].get()
