import csv
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from django.test import Client

from apps.kernel.clock import utc_now
from apps.kernel.events import Attempt, Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.portal.views import requests
from apps.tenants.models import Organization
from apps.tenants.permissions import Role
from apps.tenants.services.data_keys import data_key
from apps.tenants.vault import CONTENT, binding, seal
from apps.usage.selectors import SearchTooWide
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_member
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
WORLDS_LAST = ()
NOW = utc_now()


def carry(organization: Organization, **fields: Any) -> Event:
    call = make_event(organization, **({"started_at": NOW - timedelta(minutes=1)} | fields))
    ingest_events(organization=organization, events=[call], at=NOW)
    return call


@pytest.fixture
def client(world: World, other: World, client: Client) -> Client:
    """Signed in; another organization of the same name has a call too."""
    carry(other.organization, end_user="canary", served_model="canary")
    return sign_in(client, world.owner)


def page(client: Client, world: World, *about: object, **query: str) -> str:
    view = "request" if about else "requests"
    return client.get(path(world, view, *about), query).content.decode()


def test_calls_are_listed_the_newest_first(world: World, client: Client) -> None:
    carry(world.organization, served_model="gpt-5", end_user="ada", actual_usd=Decimal("0.00123"))
    carry(world.organization, served_model="my-own", started_at=NOW, actual_usd=None)
    shown = page(client, world)
    told = ("my-own", "no price", "gpt-5", "$0.0012", "gpt-4o-mini")
    rows = shown[shown.index("<tbody") :]
    places = [rows.index(text) for text in told]
    assert places == sorted(places)
    assert ("asked for gpt-4o" in rows, "Provider prompt cache" in rows) == (True, True)
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("asked", "served", "is_told"),
    [
        ("gpt-4o", "gpt-4o-mini", True),
        ("gpt-4o", "gpt-4o-2024-08-06", False),
        ("claude-sonnet-5-5", "claude-sonnet-5-5", False),
    ],
)
def test_only_another_model_than_asked_for_is_told(
    world: World, client: Client, asked: str, served: str, is_told: bool
) -> None:
    call = carry(world.organization, requested_model=asked, served_model=served)
    shown = page(client, world, text=str(call.event_id))
    assert (f"asked for {asked}" in shown) == is_told


def test_calls_that_compare_say_so(world: World, client: Client) -> None:
    call = carry(world.organization, kind="shadow", served_model="gpt-5")
    assert "asked again to compare" in page(client, world, text=str(call.event_id))
    assert "asked again to compare" not in page(client, world, kind="customers")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"text": "ADA"}, True),
        ({"text": "grace"}, False),
        ({"model": "gpt-5"}, True),
        ({"outcome": "error"}, False),
        ({"price": "yes"}, True),
        ({"price": "no"}, False),
        ({"since": f"{NOW - timedelta(days=2):%Y-%m-%d}"}, True),
        ({"until": f"{NOW - timedelta(days=2):%Y-%m-%d}"}, False),
        ({"text": "canary"}, False),
    ],
)
def test_what_is_asked_for_narrows(
    world: World, client: Client, query: dict[str, str], is_found: bool
) -> None:
    call = carry(
        world.organization, served_model="gpt-5", end_user="ada", actual_usd=Decimal("0.0123")
    )
    assert (str(call.event_id) in page(client, world, **query)) == is_found


def test_days_are_those_of_the_organization(world: World, client: Client) -> None:
    type(world.organization).objects.filter(pk=world.organization.pk).update(
        time_zone="Pacific/Auckland"
    )
    late = NOW.replace(hour=13, minute=0) - timedelta(days=2)  # the next day in Auckland
    call = carry(world.organization, started_at=late)
    day = f"{late + timedelta(days=1):%Y-%m-%d}"
    assert str(call.event_id) in page(client, world, since=day, until=day)
    assert str(call.event_id) not in page(client, world, until=f"{late:%Y-%m-%d}")


def test_what_is_no_search_says_so(world: World, client: Client) -> None:
    shown = page(client, world, since="soon", project="none")
    assert ("Enter a valid date." in shown, "Select a valid choice." in shown) == (True, True)
    with patch.object(requests, "events", side_effect=SearchTooWide):
        assert "Narrow it by since and until" in page(client, world, text="a")
        answer = client.get(path(world, "request_rows"), {"text": "a"})
    assert answer.status_code == SearchTooWide.http_status
    assert client.get(path(world, "request_rows"), {"since": "soon"}).status_code == 400


def test_a_list_that_follows_gets_rows_only_when_they_changed(world: World, client: Client) -> None:
    first = client.get(path(world, "request_rows"))
    again = {"known": first["Netra-Known"]}
    assert client.get(path(world, "request_rows"), again).status_code == 204
    call = carry(world.organization)
    second = client.get(path(world, "request_rows"), again)
    assert (second.status_code, str(call.event_id) in second.content.decode()) == (200, True)
    assert "<html" not in second.content.decode()


def test_a_search_is_a_file_with_all_that_it_finds(world: World, client: Client) -> None:
    first, second, _ = (
        carry(world.organization, started_at=NOW - timedelta(minutes=ago), end_user=name)
        for ago, name in ((3, "ada"), (2, "ada"), (1, "grace"))
    )
    answer = client.get(path(world, "request_file"), {"end_user": "ada"})
    rows = list(csv.DictReader(StringIO(answer.getvalue().decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="requests.csv"'
    assert [row["id"] for row in rows] == [str(first.event_id), str(second.event_id)]
    assert "requests.csv?end_user=ada" in page(client, world, end_user="ada")
    wrong = client.get(path(world, "request_file"), {"since": "soon"})
    assert (wrong.status_code, "From: Enter a valid date." in wrong.content.decode()) == (400, True)


def test_one_request_shows_its_money_down_to_the_rate(world: World, client: Client) -> None:
    call = carry(
        world.organization,
        served_model="gpt-4o-mini",
        buckets=TokenBuckets(1000, 500, output=200),
        actual_usd=Decimal("0.0003075"),
        counterfactual_usd=Decimal("0.0003075"),
        total_ms=100.0,
        admission_ms=1.0,
        first_byte_ms=40.0,
        attempts=(Attempt("openai", status=500, outcome="error", error_code="server_error"),),
    )
    shown = page(client, world, call.event_id)
    for text in (
        "$0.15 per 1M tokens", "$0.075 per 1M tokens", "$0.60 per 1M tokens", "$0.0000375",
        "Exactly 0.0003075 USD", "39.0 ms", "60.0 ms", "server_error",
    ):  # fmt: skip
        assert text in shown, text


def test_a_cost_that_no_rate_explains_is_not_split(world: World, client: Client) -> None:
    call = carry(world.organization, served_model="gpt-4o-mini", actual_usd=Decimal("0.77"))
    assert "it is not split by guess" in page(client, world, call.event_id)
    unpriced = carry(world.organization, actual_usd=None)
    assert "It counts as unpriced, not as free" in page(client, world, unpriced.event_id)


def test_what_the_levers_decided_stands_there_in_either_arm(world: World, client: Client) -> None:
    shown = page(client, world, world.request_id)
    for text in (
        "Provider prompt cache",
        "acted",
        "The provider was told which calls begin alike",
        "$0.00020",
        "did nothing",
        "Nothing was kept for this call",
    ):
        assert text in shown, text
    held = carry(world.organization, arm="holdout", propensity=0.9)
    assert "it was carried untouched" in page(client, world, held.event_id)


def test_content_is_for_those_who_may_read_it(world: World, client: Client) -> None:
    part = {"type": "application/json", "text": "<b>what?</b>", "is_cut": True}
    answer = {"type": "image/png", "base64": "AAAA", "is_cut": False}
    document = orjson.dumps({"v": 1, "request": part, "answer": answer})
    organization = world.organization
    key = data_key(organization, at=NOW)
    sealed = seal(key, document, bound_to=binding(organization.pk, CONTENT))
    call = carry(organization)
    address = path(world, "request_content", call.event_id)
    assert (client.get(address).status_code, "Not kept" in page(client, world, call.event_id)) == (
        404, True,
    )  # fmt: skip
    store_contents(organization=organization, contents=[(call.event_id, sealed)], at=NOW)
    shown = client.get(address).content.decode()
    for text in ("&lt;b&gt;what?", "longer than is kept", "image/png: no text"):
        assert text in shown, text
    assert address in page(client, world, call.event_id)
    viewer = sign_in(Client(), make_member(organization, Role.VIEWER))
    assert viewer.get(address).status_code == 403
    assert "for those who may read content" in page(viewer, world, call.event_id)


def test_nobody_sees_the_calls_of_others(world: World, other: World, client: Client) -> None:
    assert client.get(path(world, "request", other.request_id)).status_code == 404
    assert client.get(path(world, "request", uuid7())).status_code == 404
    assert client.get(path(other, "requests")).status_code == 404
