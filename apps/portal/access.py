"""What each page asks of the person, declared where the page is defined.

    @portal_view(Permission.KEYS_READ)
    def key_list(request: PortalRequest) -> HttpResponse: ...

A page of an organization runs inside its tenant scope and in its time zone. Somebody who is no
member gets 404, so that the address of an organization does not tell whether it exists.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Protocol, cast

import pghistory
import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.portal.views.errors import refusal
from apps.tenants.actors import Actor, actor_of_user
from apps.tenants.context import tenant_scope
from apps.tenants.models import User
from apps.tenants.permissions import Access, Permission

READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")
WRITE = ("POST",)


class PersonalRequest(HttpRequest):
    """A request of somebody signed in."""

    user: User


class PortalRequest(PersonalRequest):
    """A request inside an organization."""

    actor: Actor


class DeclaredView(Protocol):
    """A view that says what it asks of the person."""

    __name__: str
    declared_access: Permission | Access

    def __call__(self, request: HttpRequest, **arguments: object) -> HttpResponseBase: ...


View = Callable[..., HttpResponseBase]


def portal_view(
    permission: Permission, *, methods: Sequence[str] = READ
) -> Callable[[View], DeclaredView]:
    """A page under /o/<slug>/ for those who have `permission` there.

    The view gets `request.actor` instead of the slug. A NetraError it lets through becomes a
    page with the error's status, a row that is not there becomes 404.
    """

    def declare(view: View) -> DeclaredView:
        @wraps(view)
        def enter(request: PortalRequest, slug: str, **arguments: object) -> HttpResponseBase:
            request.actor = _actor(request, slug)
            with _inside(request.actor):
                try:
                    request.actor.require(permission)
                    _remember(request)
                    return view(request, **arguments)
                except ObjectDoesNotExist as error:
                    raise Http404 from error
                except NetraError as error:
                    return refusal(request, error)

        return _declared(login_required(enter), permission, methods)

    return declare


def open_view(access: Access, *, methods: Sequence[str] = READ) -> Callable[[View], DeclaredView]:
    """A page outside any organization, for anyone or for everybody signed in."""

    def declare(view: View) -> DeclaredView:
        gated = login_required(view) if access is Access.SIGNED_IN else view
        return _declared(gated, access, methods)

    return declare


def _declared(view: View, access: Permission | Access, methods: Sequence[str]) -> DeclaredView:
    # Nothing of the portal may come back from a cache after signing out, nor a key shown once.
    declared = cast(DeclaredView, never_cache(require_http_methods(methods)(view)))
    declared.declared_access = access
    return declared


def _actor(request: PortalRequest, slug: str) -> Actor:
    actor = actor_of_user(user=request.user, slug=slug, at=utc_now())
    if actor is None:
        raise Http404
    return actor


def _remember(request: PortalRequest) -> None:
    slug = request.actor.organization.slug
    if request.actor.membership and request.session.get("organization") != slug:
        request.session["organization"] = slug


@contextmanager
def _inside(actor: Actor) -> Iterator[None]:
    facts = {"organization_id": str(actor.organization.pk), "actor": actor.id}
    if actor.support_access:
        facts["support_access"] = str(actor.support_access.pk)
    # Bound until the middleware clears them, so that the line of the finished request has them.
    structlog.contextvars.bind_contextvars(**facts)
    with (
        tenant_scope(actor.organization),
        timezone.override(actor.organization.time_zone),
        pghistory.context(**facts),
    ):
        yield
