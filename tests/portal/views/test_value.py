"""The page of value: the figures of file and API, and a way from each to what it is made of."""

import csv
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from apps.kernel.money import shown_usd
from apps.tenants.permissions import KEY_SCOPES, Role
from tests.api.callers import by_key
from tests.attribution.valuing.worth import WINDOW, make_worth
from tests.factories import make_api_key, make_member, make_organization
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World, make_world

pytestmark = pytest.mark.django_db
WORLDS_LAST = ()


@pytest.fixture
def world() -> World:
    """With worth, beside an organization of the same name and the same worth."""
    for each in (make_world("Acme"), world := make_world("Acme")):
        make_worth(each.organization, each.project.pk)
    return world


@pytest.fixture
def client(world: World, client: Client) -> Client:
    return sign_in(client, world.owner)


def page(client: Client, world: World, query: str = WINDOW) -> str:
    response = client.get(f"{path(world, 'value')}?{query}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def lines(client: Client, world: World, query: str = WINDOW) -> dict[tuple[str, ...], Any]:
    """Figures of the file: (part, of, figure) → the line."""
    response = client.get(f"{path(world, 'value_file')}?{query}")
    assert response["Content-Disposition"].startswith('attachment; filename="value-2026-03-14-')
    found = csv.DictReader(io.StringIO(response.content.decode(), newline=""))
    return {(line["part"], line["of"], line["figure"]): line for line in found}


def of_the_api(world: World, query: str = WINDOW) -> Any:
    call = by_key(make_api_key(world.organization, KEY_SCOPES).text.value)
    return call("GET", f"/value?{query}").json()


def cards(html: str) -> dict[str, str]:
    """Label → figure, as they stand at the top."""
    pattern = r'stat__label">([^<]+)</p>.*?stat__value">([^<]+)</p>'
    return dict(re.findall(pattern, html, re.DOTALL))


@pytest.mark.parametrize("also", ["", "&requested_model=gpt-5", "&end_user=grace", "&compare=no"])
def test_page_file_and_api_agree_to_the_last_digit(world: World, client: Client, also: str) -> None:
    query = WINDOW + also
    told, file, shown = (
        of_the_api(world, query),
        lines(client, world, query),
        page(client, world, query),
    )
    span, spend = "2026-03-14 to 2026-03-16", told["now"]["spend"]
    for figure, name in (
        ("without_netra", "untouched_usd"), ("actual", "actual_usd"),
        ("of_it_comparing", "overhead_usd"), ("saved_estimated", "estimated_usd"),
    ):  # fmt: skip
        assert file["spend", span, figure]["value"] == spend[name]
        before = told["before"] and told["before"]["spend"][name]
        assert file["spend", span, figure]["value_before"] == (before or "")
    assert cards(shown) == {
        "Spend without Netra": shown_usd(Decimal(spend["untouched_usd"])),
        "Actual spend": shown_usd(Decimal(spend["actual_usd"])),
        "Proven saving": "–",
        "Estimated saving": shown_usd(Decimal(spend["estimated_usd"])),
    }


def test_levers_rates_and_days_agree_too(world: World, client: Client) -> None:
    told, file, shown = of_the_api(world), lines(client, world), page(client, world)
    for lever in told["now"]["levers"]:
        for figure, name in (
            ("saved_on_requests", "saved_usd"), ("cost_of_comparing", "overhead_usd"),
            ("saved_net", "net_usd"),
        ):  # fmt: skip
            assert file["lever", lever["lever"], figure]["value"] == lever[name]
            assert shown_usd(Decimal(lever[name])).lstrip("-") in shown
    for of, name in (("request", "per_request"), ("1000 tokens", "per_thousand_tokens")):
        rate = told["now"][name]
        assert file["cost_per", of, "without_netra"]["value"] == rate["before"]
        assert file["cost_per", of, "actual"]["value"] == rate["after"]
        assert shown_usd(Decimal(rate["after"])) in shown
    for bucket in told["buckets"]:
        line = file["day", bucket["at"].replace("Z", "+00:00"), "actual"]
        assert line["value"] == bucket["spend"]["actual_usd"]
    held = told["holdout"]
    assert file["arm", "holdout", "latency_p95"]["value"] == str(held["latency_p95_ms"])


def test_proof_agrees_and_is_not_added_to_the_estimate(world: World, client: Client) -> None:
    statement = world.proven.statement
    ended = statement.period.ends_at.date()
    query = f"since={ended}&until={ended}"
    told = of_the_api(world, query)["proven"]
    html = client.get(f"{path(world, 'value')}?since=2026-03-01&until={ended}").content.decode()
    proven = shown_usd(Decimal(told["proven_usd"]))
    assert [each["id"] for each in told["statements"]] == [str(statement.pk)]
    assert cards(unescape(html))["Proven saving"] == proven
    assert path(world, "savings_statement", statement.pk) in html
    assert path(world, "experiment", world.experiment.pk) in html
    assert "never added up" in html


def test_each_figure_leads_to_its_requests(world: World, client: Client) -> None:
    html = page(client, world)
    links = set(re.findall(r'href="([^"]*/requests/\?[^"]+)"', html))
    asked = [parse_qs(urlsplit(link).query) for link in links]
    for also in ({"lever": ["routing"]}, {"arm": ["holdout"]}, {"price": ["no"]}):
        assert [each for each in asked if also.items() <= each.items()]
    for link in links:
        assert client.get(link).context["form"].errors == {}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("lever=routing", 2), ("lever=routing&kind=overhead", 1), ("arm=treatment", 3),
        ("end_user=grace", 1), ("tag_name=team&tag=search", 1), ("kind=customers", 6),
    ],
)  # fmt: skip
def test_requests_are_narrowed_as_the_links_say(
    world: World, client: Client, query: str, count: int
) -> None:
    found = client.get(f"{path(world, 'requests')}?{WINDOW}&{query}&model=gpt-5")
    assert len(found.context["rows"]) == count


def test_days_and_filters_stay_in_the_address(world: World, client: Client) -> None:
    html = page(client, world, f"{WINDOW}&requested_model=gpt-5&compare=no")
    ranges = re.findall(r'href="\?([^"]+)"', html)
    assert len(ranges) == 5
    for each in ranges:
        kept = parse_qs(each)
        assert (kept["requested_model"], kept["compare"]) == (["gpt-5"], ["no"])
    assert "in the period before" not in html
    assert "GET /api/v1/value?since=2026-03-14&until=2026-03-16&requested_model=gpt-5" in html


def test_clocks_and_currency_stand_beside_the_figures(world: World, client: Client) -> None:
    type(world.organization).objects.filter(pk=world.organization.pk).update(
        time_zone="Pacific/Auckland"
    )
    query = "since=2026-03-16&until=2026-03-16&requested_model=gpt-5"
    html = page(client, world, query)
    assert "days of <strong>Pacific/Auckland</strong>" in html
    assert "Amounts in <strong>US dollars</strong>" in html
    # Noon of the 15th in UTC is past midnight there.
    assert of_the_api(world, query)["now"]["spend"]["requests"] == 3


def test_pictures_have_tables_beside_them(world: World, client: Client) -> None:
    html = page(client, world)
    assert html.count('role="img"') == 4
    assert html.count("<table") == 4
    assert ("plot__part--4" in html, "Routing" in html) == (True, True)


def test_an_empty_organization_is_told_what_to_do(client: Client) -> None:
    owner_of = make_organization("New")
    person = make_member(owner_of, Role.VIEWER)
    html = sign_in(client, person).get(f"/o/{owner_of.slug}/value/").content.decode()
    assert ("No requests yet" in html, "Get started" in html) == (True, True)


def test_days_without_a_request_say_so(world: World, client: Client) -> None:
    html = page(client, world, "since=2026-01-01&until=2026-01-02")
    assert ("No requests in these days" in html, "No requests yet" in html) == (True, False)


def test_without_an_experiment_the_next_step_is_one(world: World, client: Client) -> None:
    assert "Nothing can be proven yet" in page(client, world)
    assert path(world, "experiment_create") in page(client, world)
    sign_in(client, world.member.user)
    shown = page(client, world)
    assert ("Ask an owner" in shown, path(world, "experiment_create") in shown) == (True, False)


def test_narrower_than_an_experiment_nothing_is_called_proven(world: World, client: Client) -> None:
    assert world.savings.number == 1
    html = page(client, world, f"{WINDOW}&requested_model=gpt-5")
    assert (cards(html)["Proven saving"], "never for one key" in html) == ("–", True)
    assert of_the_api(world, f"{WINDOW}&requested_model=gpt-5")["proven"] is None


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("since=2026-03-16&until=2026-03-14", "The last day is before the first."),
        ("since=soon", "Enter a valid date."),
        ("tag=search", "Name a tag and its value, or neither."),
        ("since=2020-01-01&until=2026-01-01", "has at most"),
        ("until=0001-01-01", "Name days of 2020 to 2200."),
        ("since=2026-01-01&until=9999-12-31", "Name days of 2020 to 2200."),
        ("project_id=00000000-0000-0000-0000-000000000001", "Select a valid choice."),
    ],
)
def test_what_cannot_be_asked_is_said_on_the_form(
    world: World, client: Client, query: str, told: str
) -> None:
    assert told in page(client, world, query)
    assert client.get(f"{path(world, 'value_file')}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=2026-03-16&until=2026-03-14", "invalid_query"),
        ("tag=search", "invalid_query"),
        ("since=soon", "invalid_request"),
    ],
)
def test_the_api_refuses_it_as_well(world: World, query: str, code: str) -> None:
    assert of_the_api(world, query)["code"] == code


def test_another_organization_cannot_look(world: World, client: Client) -> None:
    stranger = make_world("Acme")
    sign_in(client, stranger.owner)
    assert client.get(path(world, "value")).status_code == 404
    assert client.get(path(world, "value_file")).status_code == 404
