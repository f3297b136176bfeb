from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address

import pytest

from apps.notices.models import WebhookEndpoint
from apps.notices.services import endpoints as service
from apps.notices.services.endpoints import (
    MOST_ENDPOINTS,
    InvalidWebhook,
    TooManyWebhooks,
    WebhookTaken,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    secrets_of,
)
from apps.tenants.addresses import Address
from apps.tenants.models import Organization
from apps.tenants.vault import CannotOpen
from tests.factories import make_organization
from tests.notices.receivers import AT, URL

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def test_a_secret_is_stored_sealed_for_its_endpoint_alone(acme: Organization) -> None:
    made = create_endpoint(organization=acme, url=URL, at=AT)
    row = WebhookEndpoint.objects.get()
    assert made.secret.encode() not in bytes(row.sealed_secret)
    assert list(secrets_of(row, at=AT)) == [made.secret]
    other = create_endpoint(organization=make_organization("Acme"), url=URL, at=AT).endpoint
    other.sealed_secret = row.sealed_secret
    with pytest.raises(CannotOpen):
        secrets_of(other, at=AT)


def test_path_and_query_stay_as_they_are(acme: Organization) -> None:
    given = "HTTPS://93.184.216.34:443/Hooks/?Key=a%2Fb&c="
    made = create_endpoint(organization=acme, url=given, at=AT)
    assert made.endpoint.url == "https://93.184.216.34/Hooks/?Key=a%2Fb&c="


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/hooks",
        "https://127.0.0.1/hooks",
        "https://169.254.169.254/latest",
        "https://[::1]/hooks",
        "https://[::ffff:10.0.0.1]/hooks",
        "https://2130706433/hooks",
        "https://localhost/hooks",
        "https://metadata.google.internal/hooks",
        "https://user:secret@93.184.216.34/hooks",
        "https://93.184.216.34:22/hooks",
        "https://93.184.216.34/hooks#part",
        "https://93.184.216.34/a b",
        "https://93.184.216.34/a\r\nHost: x",
        "ftp://93.184.216.34/hooks",
        "https:///hooks",
        "/hooks",
        "https://93.184.216.34/" + "a" * 500,
        "https://[1/",
    ],
)
def test_an_address_that_leads_inside_or_is_none_is_refused(url: str, acme: Organization) -> None:
    with pytest.raises(InvalidWebhook) as refusal:
        create_endpoint(organization=acme, url=url, at=AT)
    assert "base URL" not in refusal.value.detail


def test_a_name_that_leads_inside_is_refused(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(_name: str) -> Sequence[Address]:
        return [ip_address("10.0.0.1")]

    monkeypatch.setattr(service, "resolve", resolve)
    with pytest.raises(InvalidWebhook):
        create_endpoint(organization=acme, url="https://hooks.example/", at=AT)


def test_an_address_is_used_once_in_each_organization(acme: Organization) -> None:
    create_endpoint(organization=acme, url=URL, at=AT)
    with pytest.raises(WebhookTaken):
        create_endpoint(organization=acme, url=URL, at=AT)
    create_endpoint(organization=make_organization("Acme"), url=URL, at=AT)
    assert acme.webhook_endpoints.count() == 1


def test_an_organization_has_so_many_endpoints_at_most(acme: Organization) -> None:
    for number in range(MOST_ENDPOINTS):
        create_endpoint(organization=acme, url=f"{URL}{number}", at=AT)
    with pytest.raises(TooManyWebhooks):
        create_endpoint(organization=acme, url=URL, at=AT)


def test_nobody_touches_an_endpoint_of_another_organization(acme: Organization) -> None:
    row = create_endpoint(organization=acme, url=URL, at=AT).endpoint
    other = make_organization("Acme")
    with pytest.raises(WebhookEndpoint.DoesNotExist):
        delete_endpoint(organization=other, endpoint_id=row.pk)
    with pytest.raises(WebhookEndpoint.DoesNotExist):
        rotate_secret(organization=other, endpoint_id=row.pk, overlap=timedelta(0), at=AT)
    with pytest.raises(WebhookEndpoint.DoesNotExist):
        change_endpoint(organization=other, endpoint_id=row.pk, url=URL, kinds=(), description="")
    delete_endpoint(organization=acme, endpoint_id=row.pk)
    assert WebhookEndpoint.objects.count() == 0
