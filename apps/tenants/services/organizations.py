"""Create and change organizations."""

import zoneinfo
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify

from apps.kernel.errors import NetraError
from apps.kernel.ids import random_base62
from apps.kernel.money import MINOR_DIGITS
from apps.tenants import schema
from apps.tenants.models import Entitlement, Membership, Organization, Project, User
from apps.tenants.permissions import Role

# Paths below /o/ that must never be an organization.
RESERVED_SLUGS = frozenset({"new", "admin", "api", "static", "system"})

# Until billing writes them, every organization starts with what the 7-day trial offers. Amounts are
# those of the plan (apps/tenants/plans.py): an entitlement of one would outlive a change of plan.
STARTING_ENTITLEMENTS: dict[str, bool | str] = {
    "plan": "early",
    "analytics_basic": True,
    "api_access": True,
    "optimization_advanced": True,
}


class InvalidSetting(NetraError):
    code = "invalid_setting"
    http_status = 400


@transaction.atomic
def create_organization(
    *, name: str, owner: User | None, at: datetime, is_system: bool = False
) -> Organization:
    """Create an organization with its schema, a first project and starting entitlements.

    owner: becomes its only owner; None for the system organization.
    Takes one clone of the template schema, well below a second. Raises InvalidSetting for a
    blank name.
    """
    name = " ".join(name.split())
    if not name:
        raise InvalidSetting("Give the organization a name.")
    organization = Organization(name=name, slug=free_slug(name), is_system=is_system)
    organization.created_at = at
    organization.schema_name = f"tenant_{organization.pk.hex}"
    organization.schema_leaf = schema.tenant_leaf()
    organization.save(force_insert=True)
    schema.clone_template(organization.schema_name)
    _furnish(organization, owner=owner, at=at)
    return organization


def _furnish(organization: Organization, *, owner: User | None, at: datetime) -> None:
    Project.objects.create(organization=organization, name="Default", created_at=at)
    Entitlement.objects.bulk_create(
        Entitlement(organization=organization, code=code, value=value, valid_from=at)
        for code, value in STARTING_ENTITLEMENTS.items()
    )
    if owner:
        Membership.objects.create(
            organization=organization, user=owner, role=Role.OWNER, joined_at=at
        )


def free_slug(name: str) -> str:
    """A URL part made from `name` that no organization has yet."""
    slug = slugify(name)[:40].strip("-") or "organization"
    is_taken = slug in RESERVED_SLUGS or Organization.objects.filter(slug=slug).exists()
    return f"{slug}-{random_base62(6).lower()}" if is_taken else slug


def update_organization(
    *, organization: Organization, name: str, time_zone: str, currency: str
) -> Organization:
    """Change what members may change. Raises InvalidSetting."""
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise InvalidSetting("Give the organization a name of at most 80 characters.")
    if time_zone not in zoneinfo.available_timezones():
        raise InvalidSetting(f"{time_zone!r} is not a time zone; use a name like Europe/Berlin.")
    if currency not in MINOR_DIGITS:
        raise InvalidSetting(f"Choose one of the currencies {', '.join(MINOR_DIGITS)}.")
    organization.name, organization.time_zone, organization.currency = name, time_zone, currency
    organization.save(update_fields=["name", "time_zone", "currency"])
    return organization


@transaction.atomic
def transfer_ownership(*, organization: Organization, to_membership: UUID) -> Membership:
    """Make a member the owner; the owner until now becomes an admin.

    Raises Membership.DoesNotExist when `to_membership` is not of this organization.
    """
    # One order of locks for all transfers of an organization, so that two never deadlock.
    members = list(organization.memberships.select_for_update().order_by("id"))
    successor = next((member for member in members if member.pk == to_membership), None)
    if successor is None:
        raise Membership.DoesNotExist
    organization.memberships.filter(role=Role.OWNER).exclude(pk=successor.pk).update(
        role=Role.ADMIN
    )
    successor.role = Role.OWNER
    successor.save(update_fields=["role"])
    return successor
