"""Webhooks, notices and the use of the plan through the API."""

from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.notices.kinds import Kind
from apps.notices.models import Delivery
from apps.notices.services.announcing import News, announce
from apps.notices.services.deliveries import attempt_delivery
from apps.tenants.models import Entitlement, Organization
from apps.tenants.permissions import KEY_SCOPES, Role
from tests import factories
from tests.api.callers import Caller, by_key, by_session
from tests.notices.receivers import URL, Receiver, is_signed_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return factories.make_organization("Acme")


@pytest.fixture
def call(acme: Organization) -> Caller:
    return by_key(factories.make_api_key(acme, KEY_SCOPES).text.value)


def listed(call: Caller, path: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = call("GET", path).json()["data"]
    return rows


def tell(organization: Organization, once: str = "1") -> None:
    news = News(Kind.BUDGET_ALERT, once, "Half is spent", "Look.", {"fraction": "0.5"}, "limits")
    announce(organization=organization, news=news, at=utc_now())


def test_an_endpoint_is_added_tried_changed_and_deleted(call: Caller, acme: Organization) -> None:
    factories.make_webhook(factories.make_organization("Acme"))
    made = call("POST", "/webhooks", {"url": URL, "events": ["budget.alert"]})
    endpoint, receiver = made.json(), Receiver(500, "no")
    secret = endpoint.pop("secret")
    assert (made.status_code, endpoint["url"], secret[:6]) == (201, URL, "whsec_")
    assert listed(call, "/webhooks") == [endpoint]
    ping = call("POST", f"/webhooks/{endpoint['id']}/ping").json()
    assert (ping["event"], ping["state"]) == ("webhook.ping", "waiting")
    attempt_delivery(delivery_id=ping["id"], transport=receiver, at=utc_now())
    assert is_signed_by(secret, receiver.requests[0])
    detail = call("GET", f"/deliveries/{ping['id']}").json()
    (attempt,) = detail["attempts"]
    assert (attempt["status"], attempt["excerpt"], detail["attempt_count"]) == (500, "no", 1)
    changed = call("PATCH", f"/webhooks/{endpoint['id']}", {"description": "Search"}).json()
    assert (changed["description"], changed["events"]) == ("Search", ["budget.alert"])
    assert call("POST", "/webhooks", {"url": URL}).json()["code"] == "webhook_taken"
    assert call("DELETE", f"/webhooks/{endpoint['id']}").status_code == 204
    assert (listed(call, "/webhooks"), listed(call, "/deliveries")) == ([], [])


def test_an_endpoint_that_is_off_gets_nothing(call: Caller, acme: Organization) -> None:
    path = f"/webhooks/{factories.make_webhook(acme).endpoint.pk}"
    tell(acme)
    off = call("POST", f"{path}/disable").json()
    assert (off["is_enabled"], off["disabled_reason"]) == (False, "Somebody turned it off.")
    (delivery,) = listed(call, "/deliveries")
    assert delivery["state"] == "failed"
    redeliver = f"/deliveries/{delivery['id']}/redeliver"
    assert call("POST", redeliver).json()["code"] == "webhook_endpoint_disabled"
    assert call("POST", f"{path}/ping").status_code == 409
    tell(acme, "2")
    assert Delivery.objects.count() == 1
    assert call("POST", f"{path}/enable").json()["is_enabled"] is True
    again = call("POST", redeliver)
    assert (again.status_code, again.json()["state"]) == (202, "waiting")
    assert again.json()["message_id"] == delivery["message_id"]


def test_a_secret_is_rotated_and_never_shown_again(call: Caller, acme: Organization) -> None:
    made = factories.make_webhook(acme)
    path = f"/webhooks/{made.endpoint.pk}"
    rotated = call("POST", f"{path}/rotate", {"overlap_seconds": 60})
    secret = rotated.json()["secret"]
    assert (rotated.status_code, secret != made.secret) == (201, True)
    assert "secret" not in call("GET", path).json()


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://93.184.216.34/", "https://x.local"])
def test_an_address_inside_is_refused(url: str, call: Caller) -> None:
    refused = call("POST", "/webhooks", {"url": url})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_webhook")


def test_roles(acme: Organization) -> None:
    finance = by_session(factories.make_member(acme, Role.FINANCE))
    developer = by_session(factories.make_member(acme, Role.DEVELOPER))
    assert [finance("GET", path).status_code for path in ("/notices", "/webhooks")] == [200, 403]
    assert developer("GET", "/webhooks").status_code == 200
    assert developer("POST", "/webhooks", {"url": URL}).status_code == 403


def test_notices_are_listed_for_their_organization(call: Caller, acme: Organization) -> None:
    tell(acme)
    tell(factories.make_organization("Acme"))
    (notice,) = listed(call, "/notices")
    assert (notice["kind"], notice["subject"]) == ("budget.alert", "Half is spent")
    assert notice["payload"] == {"fraction": "0.5"}


def test_the_use_of_the_plan(call: Caller, acme: Organization) -> None:
    factories.make_member(acme)
    answer = call("GET", "/usage/limits").json()
    assert answer["plan"] == "early"
    assert [(row["allowance"], row["used"], row["amount"]) for row in answer["limits"]] == [
        ("agent_runs", 0, 100),
        ("requests_per_month", 0, 1_000_000),
        ("seats", 2, 10),
        ("storage_bytes", 0, 10 * 2**30),
    ]


def test_no_seat_is_left(call: Caller, acme: Organization) -> None:
    Entitlement.objects.create(organization=acme, code="seats", value=1)
    refused = call("POST", "/invitations", {"email": "grace@acme.test", "role": "viewer"})
    assert (refused.status_code, refused.json()["code"]) == (402, "plan_limit_reached")
    assert "Upgrade from Early to Mid (50)" in refused.json()["detail"]
