"""How tests sign in and look at answers."""

from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.tenants.models import User
from tests.factories import PASSWORD
from tests.portal.pages import World


def sign_in(client: Client, user: User, *, is_recent: bool = False) -> Client:
    """Sign `user` in; `is_recent` by typing the password once more."""
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    if is_recent:
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def path(world: World, view: str, *arguments: object) -> str:
    """The address of a page of the organization."""
    return reverse(f"portal:{view}", args=[world.organization.slug, *arguments])


def told(response: Any) -> list[str]:
    """The messages that the next page shows."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def form_errors(response: Any) -> Mapping[str, list[str]]:
    """The errors of the form on the page."""
    errors: Mapping[str, list[str]] = response.context["form"].errors
    return errors
