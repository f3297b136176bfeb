import pytest
from django.test import Client
from django.urls import reverse

from apps.kernel.clock import utc_now
from apps.tenants.models import Organization, User
from apps.tenants.services.api_keys import recognise_api_key
from apps.tenants.services.demo import DemoAccess, ensure_demo

pytestmark = pytest.mark.django_db


def test_the_demo_login_opens_the_demo_organization(client: Client) -> None:
    access = ensure_demo(known=None, at=utc_now())
    answer = client.post(
        reverse("account_login"), {"login": access.email, "password": access.password}
    )
    assert answer.headers["Location"] == reverse("portal:start")
    assert client.get("/").headers["Location"] == "/o/demo/"


def test_what_still_works_is_kept_and_what_does_not_is_made_again() -> None:
    at = utc_now()
    first = ensure_demo(known=None, at=at)
    assert ensure_demo(known=first, at=at) == first
    lost = DemoAccess(email=first.email, password="another password", key="nap_test_gone")
    second = ensure_demo(known=lost, at=at)
    assert second.password == "another password"
    assert User.objects.get().check_password(second.password)
    assert recognise_api_key(text=second.key, at=at).organization == Organization.objects.get()
