"""The one permission table: what each role may do. API key scopes are permissions too."""

from collections.abc import Collection
from enum import StrEnum

from apps.kernel.errors import NetraError


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    FINANCE = "finance"
    VIEWER = "viewer"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Value and label of each role, as Django form fields take them."""
        return [(role.value, role.value.capitalize()) for role in cls]


class Permission(StrEnum):
    ORGANIZATION_READ = "organization.read"
    ORGANIZATION_UPDATE = "organization.update"
    ORGANIZATION_TRANSFER = "organization.transfer"
    ORGANIZATION_LEAVE = "organization.leave"
    MEMBERS_READ = "members.read"
    MEMBERS_INVITE = "members.invite"
    MEMBERS_UPDATE = "members.update"
    MEMBERS_REMOVE = "members.remove"
    PROJECTS_READ = "projects.read"
    PROJECTS_WRITE = "projects.write"
    KEYS_READ = "keys.read"
    KEYS_WRITE = "keys.write"
    CREDENTIALS_READ = "credentials.read"
    CREDENTIALS_WRITE = "credentials.write"
    CONTENT_READ = "content.read"
    CONTENT_WRITE = "content.write"
    ROUTES_READ = "routes.read"
    ROUTES_WRITE = "routes.write"
    LIMITS_READ = "limits.read"
    LIMITS_WRITE = "limits.write"
    POLICIES_READ = "policies.read"
    POLICIES_WRITE = "policies.write"
    CACHES_INVALIDATE = "caches.invalidate"
    FEEDBACK_WRITE = "feedback.write"
    EXPERIMENTS_READ = "experiments.read"
    EXPERIMENTS_WRITE = "experiments.write"
    PROOF_SHARE = "proof.share"
    NOTICES_READ = "notices.read"
    NOTICES_CHOOSE = "notices.choose"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_WRITE = "webhooks.write"
    USAGE_READ = "usage.read"
    STATEMENTS_WRITE = "statements.write"
    USAGE_IMPORT = "usage.import"
    GATEWAY_CALL = "gateway.call"


class Access(StrEnum):
    """What an operation outside any organization asks of the person."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    STAFF = "staff"


P = Permission  # the table below reads better short
READ = frozenset(
    {
        P.ORGANIZATION_READ,
        P.MEMBERS_READ,
        P.PROJECTS_READ,
        P.KEYS_READ,
        P.LIMITS_READ,
        P.POLICIES_READ,
        P.EXPERIMENTS_READ,
        P.NOTICES_READ,
        P.USAGE_READ,
    }
)
BUILD = frozenset(
    {
        P.PROJECTS_WRITE,
        P.KEYS_WRITE,
        P.CREDENTIALS_READ,
        P.ROUTES_READ,
        P.ROUTES_WRITE,
        P.CONTENT_READ,
        P.CACHES_INVALIDATE,
        P.FEEDBACK_WRITE,
        P.WEBHOOKS_READ,
        P.USAGE_IMPORT,
        P.GATEWAY_CALL,
    }
)
MANAGE = frozenset(
    {
        P.ORGANIZATION_UPDATE,
        P.MEMBERS_INVITE,
        P.MEMBERS_UPDATE,
        P.MEMBERS_REMOVE,
        P.CREDENTIALS_WRITE,
        P.CONTENT_WRITE,
        P.LIMITS_WRITE,
        P.POLICIES_WRITE,
        P.EXPERIMENTS_WRITE,
        P.WEBHOOKS_WRITE,
        P.STATEMENTS_WRITE,
        P.PROOF_SHARE,
    }
)
LEAVE = frozenset({P.ORGANIZATION_LEAVE})
# About oneself alone: which notices one is e-mailed.
OWN = frozenset({P.NOTICES_CHOOSE})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: READ | OWN | BUILD | MANAGE | {P.ORGANIZATION_TRANSFER},
    Role.ADMIN: READ | OWN | BUILD | MANAGE | LEAVE,
    Role.DEVELOPER: READ | OWN | BUILD | LEAVE,
    # Budgets are theirs to set, invoices theirs to check, savings theirs to show to others.
    Role.FINANCE: READ | OWN | LEAVE | {P.LIMITS_WRITE, P.STATEMENTS_WRITE, P.PROOF_SHARE},
    Role.VIEWER: READ | OWN | LEAVE,
}

# A key acts for software: it can neither leave nor hand over an organization, and gets no e-mail.
KEY_SCOPES: frozenset[Permission] = frozenset(Permission) - {
    P.ORGANIZATION_LEAVE,
    P.ORGANIZATION_TRANSFER,
    P.NOTICES_CHOOSE,
}
DEFAULT_KEY_SCOPES: tuple[Permission, ...] = (P.GATEWAY_CALL, P.ORGANIZATION_READ)

# Support staff read by default; writing must be asked for, and never touches ownership or secrets.
SUPPORT_READ: frozenset[Permission] = READ | {P.CREDENTIALS_READ, P.ROUTES_READ}
SUPPORT_WRITE: frozenset[Permission] = SUPPORT_READ | {
    P.ORGANIZATION_UPDATE,
    P.MEMBERS_INVITE,
    P.PROJECTS_WRITE,
}


class PermissionRefused(NetraError):
    code = "permission_refused"
    http_status = 403

    def __init__(self, permission: Permission) -> None:
        super().__init__(
            f"This needs the permission {permission.value}. Ask an owner or admin of the "
            "organization, or use an API key that has this scope."
        )


class GrantRefused(NetraError):
    code = "grant_refused"
    http_status = 403

    def __init__(self, missing: Collection[Permission]) -> None:
        names = ", ".join(sorted(permission.value for permission in missing))
        super().__init__(
            f"Nobody hands out, or acts on, more than they hold; you lack {names}. "
            "Ask an owner or admin of the organization."
        )


def require_covered(wanted: Collection[Permission], *, granted_by: frozenset[Permission]) -> None:
    """Refuse to give, or to act on, powers that the caller lacks. Raises GrantRefused.

    granted_by: what the caller may do. Leaving and what is one's own are no powers over others, so
    they are not compared.
    """
    missing = set(wanted) - granted_by - LEAVE - OWN
    if missing:
        raise GrantRefused(missing)
