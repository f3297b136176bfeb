"""Who may open the admin site: staff, signed in through the ordinary login, with a second factor.

Only what is registered here is reachable. The rows that other packages register with Django's
default site (TOTP secrets, Stripe objects, sessions) are not.
"""

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from unfold.sites import UnfoldAdminSite

from apps.tenants.permissions import Access

# unfold draws with Alpine, which evaluates expressions, and with inline styles.
RELAXED_SCRIPT = {"script-src": [UNSAFE_EVAL]}
RELAXED_STYLE = {"style-src": [SELF, UNSAFE_INLINE]}


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Strangers are asked to sign in, customers get 404, staff without MFA set it up first."""

    site_header = site_title = "Netra Apex staff"
    index_title = "Support"
    # The filler of unknown paths would answer strangers with a login, customers with a redirect.
    final_catch_all_view = False

    def has_permission(self, request: HttpRequest) -> bool:
        return is_staff(request) and used_second_factor(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        @csp_update(RELAXED_SCRIPT)
        @csp_replace(RELAXED_STYLE)
        @wraps(view)
        def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return turned_away(request) or guarded(request, *args, **kwargs)

        return enter

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Every page says that it is for staff, as the meta-test of views wants it."""
        urls: list[URLPattern | URLResolver] = super().get_urls()
        for page in pages(urls):
            page.callback.__dict__.setdefault("declared_access", Access.STAFF)
        return urls

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is no second password form."""
        return redirect("account_login")

    login.declared_access = Access.ANYONE  # type: ignore[attr-defined]  # for the meta-test of views

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("account_change_password")


def pages(urls: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """The leaves of a tree of paths."""
    for url in urls:
        if isinstance(url, URLResolver):
            yield from pages(url.url_patterns)
        else:
            yield url


def is_staff(request: HttpRequest) -> bool:
    """Whether an active member of our staff asks."""
    user = request.user
    return user.is_authenticated and user.is_active and user.is_staff


def used_second_factor(request: HttpRequest) -> bool:
    """Whether this very session was confirmed by TOTP or a recovery code."""
    methods = {record.get("method") for record in get_authentication_records(request, request.user)}
    return "mfa" in methods and has_second_factor(request)


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the person has set up TOTP."""
    return bool(is_mfa_enabled(request.user, [Authenticator.Type.TOTP]))


def turned_away(request: HttpRequest) -> HttpResponse | None:
    """Where somebody who may not enter goes; None for those who may. Raises Http404."""
    here = request.get_full_path()
    if not request.user.is_authenticated:
        return redirect_to_login(here, reverse("account_login"))
    if not is_staff(request):
        raise Http404
    if not has_second_factor(request):
        messages.info(request, "Staff pages need two-factor authentication. Set it up first.")
        return redirect("mfa_activate_totp")
    if not used_second_factor(request):
        return redirect_to_login(here, reverse("mfa_reauthenticate"))
    return None


staff_site = StaffSite(name="admin")
staff_site.disable_action("delete_selected")
