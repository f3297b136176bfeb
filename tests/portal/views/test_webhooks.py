import re

import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.notices.kinds import WEBHOOK_ONLY, Kind
from apps.notices.models import Delivery
from apps.notices.selectors import emailed_kinds, endpoints
from apps.notices.services.announcing import News, announce
from apps.notices.services.deliveries import attempt_delivery
from apps.tenants.models import Entitlement
from apps.tenants.permissions import Role
from tests.factories import make_member
from tests.notices.receivers import URL, Receiver, is_signed_by
from tests.portal.browsing import form_errors, path, sign_in, told
from tests.portal.pages import World

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def typed(**changes: object) -> dict[str, object]:
    return {"url": URL, "kinds": ["budget.alert"], "description": "", "attempt": "1"} | changes


def tell(world: World) -> None:
    news = News(Kind.BUDGET_ALERT, "1", "Half is spent", "Look at it.", {}, "limits")
    announce(organization=world.organization, news=news, at=utc_now())


def test_a_webhook_is_added_and_its_secret_shown_once(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    page = client.post(path(world, "webhook_create"), typed()).content.decode()
    (secret,) = set(SECRET.findall(page))
    again = client.post(path(world, "webhook_create"), typed())
    assert told(again) == ["That secret was shown once already. Lost it? Rotate it."]
    row = endpoints(world.organization).get(url=URL)
    assert (row.kinds, endpoints(other.organization).count()) == (["budget.alert"], 1)
    tell(world)
    receiver = Receiver()
    attempt_delivery(delivery_id=row.deliveries.get().pk, transport=receiver, at=utc_now())
    assert is_signed_by(secret, receiver.requests[0])
    shown = client.get(path(world, "webhook", row.pk)).content.decode()
    assert ("Delivered" in shown, "200, " in shown, secret in shown) == (True, True, False)


def test_an_address_inside_is_an_error_of_its_field(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "webhook_create"), typed(url="https://10.0.0.1/hooks"))
    assert "10.0.0.1 lies in a private or reserved network" in form_errors(answer)["url"][0]


def test_a_webhook_is_changed_switched_tried_and_deleted(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    webhook = world.webhook
    client.post(path(world, "webhook_edit", webhook.pk), typed(kinds=[], description="Mine"))
    webhook.refresh_from_db()
    assert (webhook.url, webhook.kinds, webhook.description) == (URL, [], "Mine")
    client.post(path(world, "webhook_ping", webhook.pk))
    delivery = Delivery.objects.get()
    assert delivery.endpoint == webhook
    off = client.post(path(world, "webhook_switch", webhook.pk))
    assert told(off)[-1] == "The webhook is off."
    refused = client.post(path(world, "delivery_redeliver", delivery.pk))
    assert refused.status_code == 409
    client.post(path(world, "webhook_switch", webhook.pk))
    client.post(path(world, "delivery_redeliver", delivery.pk))
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    client.post(path(world, "webhook_delete", webhook.pk))
    assert endpoints(world.organization).count() == 0
    assert endpoints(other.organization).count() == 1


def test_a_secret_is_rotated(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    form = {"overlap_hours": "24", "attempt": "2"}
    page = client.post(path(world, "webhook_rotate", world.webhook.pk), form).content.decode()
    assert (len(set(SECRET.findall(page))), "signs as well until" in page) == (1, True)


def test_nobody_reaches_a_webhook_of_another_organization(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    for view in ("webhook", "webhook_edit", "webhook_rotate", "webhook_delete"):
        assert client.get(path(world, view, other.webhook.pk)).status_code == 404
    for view in ("webhook_switch", "webhook_ping"):
        assert client.post(path(world, view, other.webhook.pk)).status_code == 404


def test_the_page_shows_notices_and_the_plan(world: World, other: World, client: Client) -> None:
    tell(world)
    sign_in(client, world.owner)
    page = client.get(path(world, "alerts")).content.decode()
    said = ("Half is spent", "Plan Early", "1,000,000", "https://93.184.216.34/hooks")
    assert [text in page for text in said] == [True] * 4
    viewer = make_member(world.organization, Role.VIEWER)
    page = sign_in(client, viewer).get(path(world, "alerts")).content.decode()
    assert ("Half is spent" in page, "https://93.184.216.34/hooks" in page) == (True, False)
    page = sign_in(client, other.owner).get(path(other, "alerts")).content.decode()
    assert "Half is spent" not in page


def test_e_mails_are_chosen(world: World, other: World, client: Client) -> None:
    sign_in(client, world.owner)
    answer = client.post(path(world, "notice_emails"), {"kinds": ["plan.usage"]})
    assert told(answer) == ["Your choice of e-mails is saved."]
    assert emailed_kinds(world.organization, world.owner) == [Kind.PLAN_USAGE]
    others = [kind for kind in Kind if kind not in WEBHOOK_ONLY]
    assert emailed_kinds(other.organization, world.owner) == others
    viewer = make_member(world.organization, Role.VIEWER)
    page = sign_in(client, viewer).get(path(world, "notice_emails")).content.decode()
    assert "Notices are e-mailed to the owner, admins and finance." in page


@pytest.mark.parametrize("seats", [2, 3])
def test_an_invitation_beyond_the_plan_says_what_to_do(
    seats: int, world: World, client: Client
) -> None:
    Entitlement.objects.create(organization=world.organization, code="seats", value=seats)
    sign_in(client, world.owner)
    form = {"email": "more@acme.test", "role": "viewer"}
    answer = client.post(path(world, "invitation_create"), form)
    assert "Upgrade from Early to Mid (50)" in form_errors(answer)["email"][0]
