"""Who calls: an API key, or a person signed in to the portal; `request.auth` is their Actor."""

from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.actors import Actor, actor_of_api_key, actor_of_user
from apps.tenants.models import User
from apps.tenants.selectors import organizations_of
from apps.tenants.services.api_keys import KeyRefused, recognise_api_key

ORGANIZATION_HEADER = "Netra-Organization"
CHALLENGE = 'Bearer realm="Netra Apex"'


class ActingRequest(HttpRequest):
    """A request whose caller is known."""

    actor: Actor


class OrganizationUnknown(NetraError):
    code = "organization_not_found"
    http_status = 404
    message = f"You are in no organization of this name. Check the header {ORGANIZATION_HEADER}."


class OrganizationRequired(NetraError):
    code = "organization_required"
    http_status = 400
    message = f"Name the organization: send its slug in the header {ORGANIZATION_HEADER}."


class ApiKeyAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[None, Actor] | None:
        """The key's actor; None without a bearer token. Raises AuthenticationFailed."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            api_key = recognise_api_key(text=text.strip(), at=utc_now())
        except KeyRefused as refusal:
            raise AuthenticationFailed(refusal.detail, refusal.code) from refusal
        return None, actor_of_api_key(api_key)

    def authenticate_header(self, _request: Request) -> str:
        return CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """The signed-in person's actor in the organization that the header names.

        Raises PermissionDenied for a failed CSRF check, OrganizationUnknown,
        OrganizationRequired.
        """
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user = signed_in[0]
        slug = request.headers.get(ORGANIZATION_HEADER) or _only_organization(user)
        actor = actor_of_user(user=user, slug=slug, at=utc_now())
        if actor is None:
            raise OrganizationUnknown
        return user, actor


def _only_organization(user: User) -> str:
    slugs = list(organizations_of(user).values_list("slug", flat=True)[:2])
    if len(slugs) != 1:
        raise OrganizationRequired
    return slugs[0]
