"""Who acts, in which organization, and what they may do there."""

from dataclasses import dataclass
from datetime import datetime

from apps.tenants.models import ApiKey, Membership, Organization, SupportAccess, User
from apps.tenants.permissions import (
    ROLE_PERMISSIONS,
    SUPPORT_READ,
    SUPPORT_WRITE,
    Permission,
    PermissionRefused,
    Role,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member, an API key or our support staff, inside one organization."""

    organization: Organization
    permissions: frozenset[Permission]
    user: User | None = None
    membership: Membership | None = None
    api_key: ApiKey | None = None
    support_access: SupportAccess | None = None

    @property
    def id(self) -> str:
        """A stable name of the caller: for throttles, idempotency and logs."""
        return f"key:{self.api_key.pk}" if self.api_key else f"user:{self.user and self.user.pk}"

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raises PermissionRefused."""
        if permission not in self.permissions:
            raise PermissionRefused(permission)


def actor_of_user(*, user: User, slug: str, at: datetime) -> Actor | None:
    """How `user` stands in the organization `slug`; None for a non-member (show them 404)."""
    membership = (
        Membership.objects.select_related("organization", "user")
        .filter(user=user, organization__slug=slug, organization__closed_at=None)
        .first()
    )
    if membership:
        return Actor(
            organization=membership.organization,
            permissions=ROLE_PERMISSIONS[Role(membership.role)],
            user=user,
            membership=membership,
        )
    return _actor_of_staff(user=user, slug=slug, at=at) if user.is_staff else None


def actor_of_api_key(api_key: ApiKey) -> Actor:
    """A key acts with its scopes."""
    return Actor(
        organization=api_key.organization,
        permissions=frozenset(Permission(scope) for scope in api_key.scopes),
        api_key=api_key,
    )


def _actor_of_staff(*, user: User, slug: str, at: datetime) -> Actor | None:
    access = (
        SupportAccess.objects.open(at=at)
        .select_related("organization")
        .filter(staff=user, organization__slug=slug)
        .first()
    )
    if access is None:
        return None
    return Actor(
        organization=access.organization,
        permissions=SUPPORT_WRITE if access.may_write else SUPPORT_READ,
        user=user,
        support_access=access,
    )
