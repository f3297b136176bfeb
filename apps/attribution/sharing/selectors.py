"""Links of an organization, and what was opened by them."""

from django.db.models import QuerySet

from apps.attribution.sharing.models import ProofLink, ProofVisit
from apps.tenants.models import Organization


def proof_links(organization: Organization) -> QuerySet[ProofLink]:
    """All, also those that expired, the latest first."""
    rows = organization.proof_links.select_related("created_by")
    return rows.order_by("-created_at", "-id")


def visits(link: ProofLink) -> QuerySet[ProofVisit]:
    """The latest first."""
    return link.visits.order_by("-at", "-id")
