"""Reads of what is configured in an organization: bounded and totally ordered."""

from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from apps.tenants.models import (
    ApiKey,
    Entitlement,
    Limit,
    Organization,
    Project,
    ProviderCredential,
    Route,
)


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


def routes(organization: Organization) -> QuerySet[Route]:
    """Routes with their project and targets, the organization's own first, by pattern."""
    return (
        organization.routes.select_related("project")
        .prefetch_related("targets__credential")
        .order_by(F("project__created_at").asc(nulls_first=True), "project_id", "pattern", "id")
    )


def limits(organization: Organization) -> QuerySet[Limit]:
    """Limits with their project or key, newest first."""
    return organization.limits.select_related("project", "api_key").order_by("-created_at", "-id")


def entitlements(organization: Organization, *, at: datetime) -> dict[str, Any]:
    """What the organization may use at `at`: code → value."""
    rows = Entitlement.objects.in_force(at=at).filter(organization=organization)
    return dict(rows.order_by("code", "valid_from").values_list("code", "value"))
