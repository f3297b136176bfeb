"""Reads: bounded and totally ordered."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.tenants.models import (
    ApiKey,
    Entitlement,
    Flag,
    Invitation,
    Membership,
    Organization,
    Project,
    ProviderCredential,
    User,
)


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


def projects(organization: Organization) -> QuerySet[Project]:
    """All projects, by time of creation; archived ones carry `archived_at`."""
    return organization.projects.order_by("created_at", "id")


def open_projects(organization: Organization) -> QuerySet[Project]:
    """Projects not archived, by time of creation."""
    return projects(organization).filter(archived_at=None)


def api_keys(organization: Organization) -> QuerySet[ApiKey]:
    """All keys with their projects, newest first."""
    return organization.api_keys.select_related("project", "created_by").order_by(
        "-created_at", "-id"
    )


def credentials(organization: Organization) -> QuerySet[ProviderCredential]:
    """Provider credentials, by provider and name."""
    return organization.credentials.order_by("provider", "name", "id")


def entitlements(organization: Organization, *, at: datetime) -> dict[str, Any]:
    """What the organization may use at `at`: code → value."""
    rows = Entitlement.objects.in_force(at=at).filter(organization=organization)
    return dict(rows.order_by("code", "valid_from").values_list("code", "value"))


def is_flag_on(code: str, *, organization: Organization) -> bool:
    """Whether a flag is on for the organization; an unknown flag is off."""
    is_on = Q(is_on_for_all=True) | Q(organizations=organization)
    return Flag.objects.filter(is_on, code=code).exists()


def system_organization() -> Organization:
    """The organization that owns our own LLM calls. Raises Organization.DoesNotExist."""
    return Organization.objects.get(is_system=True)
