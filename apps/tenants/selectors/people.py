"""Reads of who belongs where: bounded and totally ordered."""

from datetime import datetime

from django.db.models import Q, QuerySet

from apps.kernel.errors import NetraError
from apps.tenants.models import Flag, Invitation, Membership, Organization, User


class NoSuchOrganization(NetraError):
    code = "organization_not_found"
    http_status = 404
    message = "There is no organization of that name. Name it as in its address, /o/NAME/."


def named_organization(slug: str) -> Organization:
    """The one at /o/SLUG/, also a closed one. Raises NoSuchOrganization."""
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise NoSuchOrganization
    return organization


def organizations_of(user: User) -> QuerySet[Organization]:
    """The organizations of a person, by name."""
    return Organization.objects.of(user)


def members(organization: Organization) -> QuerySet[Membership]:
    """Memberships with their users, by the time of joining."""
    return organization.memberships.select_related("user").order_by("joined_at", "id")


def open_invitations(organization: Organization, *, at: datetime) -> QuerySet[Invitation]:
    """Invitations that can still be accepted, oldest first."""
    return organization.invitations.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=at
    ).order_by("created_at", "id")


def seats_taken(organization: Organization, *, at: datetime, without: str = "") -> int:
    """Members and open invitations. without: an address whose invitation does not count."""
    invited = open_invitations(organization, at=at).exclude(email=without)
    return organization.memberships.count() + invited.count()


def is_flag_on(code: str, *, organization: Organization) -> bool:
    """Whether a flag is on for the organization; an unknown flag is off."""
    is_on = Q(is_on_for_all=True) | Q(organizations=organization)
    return Flag.objects.filter(is_on, code=code).exists()


def system_organization() -> Organization:
    """The organization that owns our own LLM calls. Raises Organization.DoesNotExist."""
    return Organization.objects.get(is_system=True)
