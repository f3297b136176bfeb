"""Reads, by subject."""

from apps.tenants.selectors.configuration import (
    api_keys,
    credentials,
    entitlements,
    limits,
    open_projects,
    projects,
    routes,
)
from apps.tenants.selectors.gateway import (
    entitlements_changing,
    gateway_versions,
    key_access,
    organization_access,
)
from apps.tenants.selectors.people import (
    NoSuchOrganization,
    is_flag_on,
    members,
    named_organization,
    open_invitations,
    organizations_of,
    seats_taken,
    system_organization,
)

__all__ = [
    "NoSuchOrganization",
    "named_organization",
    "api_keys",
    "credentials",
    "entitlements",
    "entitlements_changing",
    "gateway_versions",
    "is_flag_on",
    "key_access",
    "limits",
    "members",
    "open_invitations",
    "open_projects",
    "organization_access",
    "organizations_of",
    "projects",
    "routes",
    "seats_taken",
    "system_organization",
]
