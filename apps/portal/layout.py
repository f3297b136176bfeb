"""What the frame around every page shows: navigation, organizations, support banner."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from apps.tenants.actors import Actor
from apps.tenants.context import NoTenantScope, current_tenant
from apps.tenants.models import Organization, User
from apps.tenants.permissions import Permission
from apps.tenants.selectors import organizations_of
from apps.usage.selectors import has_carried

# The switcher is a menu, not a directory.
MOST_ORGANIZATIONS = 100


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the navigation; `shortcut` is the letter after `g`, `group` its heading."""

    label: str
    view: str
    icon: str
    shortcut: str
    permission: Permission
    group: str = ""


HOME = NavItem("Overview", "home", "home", "h", Permission.ORGANIZATION_READ)
# Until the first call has passed.
GET_STARTED = NavItem("Get started", "get_started", "start", "g", Permission.KEYS_READ)
SAVINGS, TRAFFIC, CONNECTION, PEOPLE = "Savings", "Traffic", "Connection", "Organization"
NAVIGATION = (
    NavItem("Value", "value", "value", "w", Permission.USAGE_READ, SAVINGS),
    NavItem("Proof", "proof", "proof", "o", Permission.USAGE_READ, SAVINGS),
    NavItem("Levers", "levers", "levers", "v", Permission.POLICIES_READ, SAVINGS),
    NavItem("Forecast", "forecast", "clock", "f", Permission.USAGE_READ, SAVINGS),
    NavItem("Requests", "requests", "search", "q", Permission.USAGE_READ, TRAFFIC),
    NavItem("Usage", "usage", "usage", "u", Permission.USAGE_READ, TRAFFIC),
    NavItem("Limits", "limits", "limits", "l", Permission.LIMITS_READ, TRAFFIC),
    NavItem("Alerts & webhooks", "alerts", "alert", "a", Permission.NOTICES_READ, TRAFFIC),
    NavItem("Reconciliation", "reconciliations", "billing", "b", Permission.USAGE_READ, TRAFFIC),
    NavItem("Imports", "imports", "download", "i", Permission.USAGE_READ, TRAFFIC),
    NavItem("API keys", "keys", "keys", "k", Permission.KEYS_READ, CONNECTION),
    NavItem("Projects", "projects", "projects", "p", Permission.PROJECTS_READ, CONNECTION),
    NavItem("Credentials", "credentials", "credentials", "c", Permission.CREDENTIALS_READ,
            CONNECTION),
    NavItem("Routes", "routes", "gateway", "r", Permission.ROUTES_READ, CONNECTION),
    NavItem("Members", "members", "members", "m", Permission.MEMBERS_READ, PEOPLE),
    NavItem("Settings", "settings", "settings", "s", Permission.ORGANIZATION_READ, PEOPLE),
)  # fmt: skip


def layout(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page; costs no query before a template reads it."""
    actor: Actor | None = getattr(request, "actor", None)
    context: dict[str, Any] = {"organizations": SimpleLazyObject(lambda: _organizations(request))}
    if actor:
        context |= {
            "actor": actor,
            "may": {permission.name.lower(): True for permission in actor.permissions},
            "organization": actor.organization,
            "nav": _navigation(actor, request.path),
            "support_access": _support_access(actor),
        }
    return context


def _organizations(request: HttpRequest) -> list[Organization]:
    user = request.user
    return list(organizations_of(user)[:MOST_ORGANIZATIONS]) if isinstance(user, User) else []


def _navigation(actor: Actor, path: str) -> list[dict[str, object]]:
    first = (HOME, GET_STARTED) if _is_new() else (HOME,)
    return [
        _nav_entry(item, actor.organization.slug, path)
        for item in (*first, *NAVIGATION)
        if actor.may(item.permission)
    ]


def _is_new() -> bool:
    """Whether no call passed yet; pages of errors, which stand outside any scope, do not ask."""
    try:
        current_tenant()
    except NoTenantScope:
        return False
    return not has_carried()


def _nav_entry(item: NavItem, slug: str, path: str) -> dict[str, object]:
    url = reverse(f"portal:{item.view}", args=[slug])
    is_current = path == url if item.view == "home" else path.startswith(url)
    return {
        "label": item.label,
        "group": item.group,
        "url": url,
        "icon": item.icon,
        "shortcut": item.shortcut,
        "is_current": is_current,
    }


def _support_access(actor: Actor) -> dict[str, object] | None:
    access = actor.support_access
    if access is None:
        return None
    return {
        "staff_email": actor.user and actor.user.email,
        "is_read_only": not access.may_write,
        "reason": access.reason,
        "expires_at": access.expires_at,
        "leave_url": reverse("portal:support_leave"),
    }
