from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.kernel.events import Attempt, Event
from apps.kernel.tokens import TokenBuckets
from apps.pricing.services import publish_edition
from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.usage import tasks
from apps.usage.ledger.models import Journal, OrganizationDay, Repricing
from apps.usage.ledger.selectors import used
from apps.usage.querying import UsageQuery, usage
from apps.usage.selectors import EventFilter, event, events
from apps.usage.services import repricing
from apps.usage.services.checking import check_usage
from apps.usage.services.posting import post_changes
from apps.usage.services.repricing import Outcome, UnknownPriceVersion
from tests.factories import make_organization
from tests.staff import make_colleague, sign_in
from tests.usage.calls import AT, PROJECT
from tests.usage.repricings import (
    APRIL,
    MARCH,
    NOW,
    PERIOD,
    assert_all_equal,
    by_second_version,
    call,
    catalogue,
    mixed_calls,
    publish_versions,
    reprice,
    store,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _versions() -> Iterator[None]:
    publish_versions()
    with localcontext(prec=60):
        yield


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def usd(organization: Organization, of: Event) -> Decimal | None:
    with tenant_scope(organization):
        return event(of.event_id).actual_usd


def test_a_dearer_version_is_an_adjustment_beside_an_event_that_stays(acme: Organization) -> None:
    other = make_organization("Other")
    ours, theirs = call(acme, "2"), call(other, "2")
    store(acme, ours)
    store(other, theirs)
    assert reprice(acme) == Outcome(calls=1, adjusted=1, changed_usd=Decimal(1))
    with tenant_scope(acme):
        row: Any = event(ours.event_id)
    assert (row.actual_usd, row.counterfactual_usd, row.price_version) == (3, 3, 2)
    assert (row.first_actual_usd, row.first_price_version) == (2, 1)
    assert usd(other, theirs) == 2
    assert used(acme.pk, PERIOD) == {
        (PROJECT, "calls"): 1, (PROJECT, "tokens"): 1_000_000, (PROJECT, "usd"): 3,
    }  # fmt: skip
    journal = Journal.objects.get(organization_id=acme.pk, kind="adjustment")
    assert (journal.price_version, journal.period, journal.project_id) == (2, PERIOD, PROJECT)
    assert_all_equal(acme)


def test_twice_is_the_same_as_once_and_back_is_as_before(acme: Organization) -> None:
    ours = call(acme, "2")
    store(acme, ours)
    outcomes = [reprice(acme, version) for version in (2, 2, 1, 1, 2)]
    assert [(each.adjusted, int(each.changed_usd)) for each in outcomes] == [
        (1, 1), (0, 0), (1, -1), (0, 0), (1, 1),
    ]  # fmt: skip
    assert usd(acme, ours) == 3
    assert Journal.objects.filter(organization_id=acme.pk, kind="adjustment").count() == 3
    assert_all_equal(acme)


def test_what_had_no_price_gets_it(acme: Organization) -> None:
    known = [
        call(acme, None, served_model="new"),
        call(acme, None, served_model="dated-new", attempts=(Attempt("openai", model="new"),)),
        call(acme, None, served_model=None, requested_model="new", tier=None, region=None),
    ]
    unknown = [
        call(acme, None, served_model="newer"),
        call(acme, None, served_model="new", outcome="interrupted", is_estimated=True),
        call(acme, None, served_model="new", outcome="refused"),
        call(acme, None, served_model="new", tier="batch"),
    ]
    store(acme, *known, *unknown)
    assert reprice(acme) == Outcome(
        calls=5, adjusted=3, priced=3, unpriced=2, changed_usd=Decimal(21)
    )
    assert [usd(acme, each) for each in known] == [7, 7, 7]
    assert [usd(acme, each) for each in unknown] == [None] * 4
    with tenant_scope(acme):
        listed = {row.pk for row in events(EventFilter(is_priced=False))}
        left = usage(UsageQuery(("unpriced_calls",), MARCH, APRIL), at=NOW).totals
    assert listed == {each.event_id for each in unknown if each.outcome != "refused"}
    assert left == {"unpriced_calls": 3}
    [day] = OrganizationDay.objects.filter(organization_id=acme.pk)
    assert (day.calls, day.unpriced_calls, day.spend_usd) == (7, 3, Decimal(21))
    assert_all_equal(acme)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ("1", {"tier": "batch"}),
        ("1", {"tier": None}),  # of before tiers were recorded: the price tells
    ],
)
def test_the_tier_of_a_call_stays(acme: Organization, given: str, fields: dict[str, Any]) -> None:
    ours = call(acme, given, **fields)
    store(acme, ours)
    reprice(acme)
    assert usd(acme, ours) == Decimal("1.5")


@pytest.mark.parametrize(
    "fields",
    [
        {"usd": "5"},  # more than one attempt, or an answer of a cache
        {"usd": "2", "price_version": None},
        {"usd": "2", "price_version": 99},
    ],
)
def test_a_price_that_its_version_does_not_explain_is_left_alone(
    acme: Organization, fields: dict[str, Any]
) -> None:
    ours = call(acme, **fields)
    store(acme, ours)
    assert reprice(acme) == Outcome(calls=1, unexplained=1)
    assert usd(acme, ours) == ours.actual_usd


@pytest.mark.parametrize(("usd_before", "unpriced"), [("0", 0), (None, 1)])
def test_a_call_that_used_nothing_is_charged_for_nothing(
    acme: Organization, usd_before: str | None, unpriced: int
) -> None:
    with_requests = catalogue("2026-03-25", "3")
    with_requests["providers"]["openai"]["models"][0]["rates"][0]["units"] = {"request": "0.5"}
    publish_edition(catalogue=with_requests, reason="test", at=NOW)
    answered_from_a_cache = call(acme, usd_before, buckets=TokenBuckets(), tier=None, region=None)
    store(acme, answered_from_a_cache)
    assert reprice(acme, 3) == Outcome(calls=1, unpriced=unpriced)
    assert usd(acme, answered_from_a_cache) == answered_from_a_cache.actual_usd


def test_imports_and_other_months_are_left_alone(acme: Organization) -> None:
    ours = [
        call(acme, "2", kind="import"),
        call(acme, "2", started_at=MARCH - timedelta(microseconds=1)),
        call(acme, "2", started_at=APRIL),
    ]
    store(acme, *ours)
    assert reprice(acme) == Outcome()


def test_what_a_lever_saved_stays_as_it_was_proven(acme: Organization) -> None:
    saving = call(acme, "2", counterfactual_usd=Decimal(6), decomposition={"route": Decimal(4)})
    store(acme, saving)
    reprice(acme)
    with tenant_scope(acme):
        row: Any = event(saving.event_id)
        by_lever = usage(
            UsageQuery(
                ("calls", "actual_usd", "counterfactual_usd", "saved_usd"), MARCH, APRIL, ("lever",)
            ),
            at=NOW,
        )
    assert (row.actual_usd, row.counterfactual_usd) == (3, 7)
    assert [tuple(each.measures.values()) for each in by_lever.rows] == [(1, 3, 7, 4)]
    assert_all_equal(acme)


def test_killed_in_the_middle_it_goes_on_where_it_stopped(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list(mixed_calls(acme))
    store(acme, *calls)
    monkeypatch.setattr(repricing, "BATCH", 50)
    booked: list[Any] = []

    def dying(**fields: Any) -> None:
        if booked:
            raise KeyboardInterrupt
        post_changes(**fields)
        booked.append(fields)

    monkeypatch.setattr(repricing, "post_changes", dying)
    with pytest.raises(KeyboardInterrupt):
        reprice(acme)
    assert_all_equal(acme)
    monkeypatch.setattr(repricing, "post_changes", post_changes)
    assert reprice(acme).adjusted == 70
    assert_all_equal(acme)
    with tenant_scope(acme):
        total = usage(UsageQuery(("actual_usd",), MARCH, APRIL), at=NOW).totals["actual_usd"]
    assert total == by_second_version(calls)


def test_an_adjustment_that_is_changed_by_hand_is_found(acme: Organization) -> None:
    store(acme, call(acme, "2"))
    reprice(acme)
    with tenant_scope(acme), connection.cursor() as cursor:
        cursor.execute("UPDATE usage_adjustment SET actual_usd = actual_usd + 1e-18")
        found = check_usage(organization=acme, months=2, at=NOW)
    assert {(each.period, each.unit) for each in found} == {(PERIOD, "usd")}


def test_a_version_that_is_none_is_said(acme: Organization) -> None:
    with pytest.raises(UnknownPriceVersion):
        reprice(acme, 99)


def test_the_command_prices_a_month_again(
    acme: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    store(acme, call(acme, "2", started_at=AT))
    options = {"organization": acme.slug, "period": "2026-03"}
    call_command("reprice_usage", **options, price_version=2)
    assert "1 calls: 1 adjusted by 1" in capsys.readouterr().out
    for wrong in ({"price_version": 9}, {"price_version": 2, "organization": "nobody"},
                  {"price_version": 2, "period": "March"}):  # fmt: skip
        with pytest.raises(CommandError, match="Nothing was priced again"):
            call_command("reprice_usage", **(options | wrong))


def test_staff_ask_for_it_and_see_what_came_of_it(acme: Organization) -> None:
    ours = call(acme, "2")
    store(acme, ours)
    staff: Client = sign_in(make_colleague(is_superuser=True))
    form = {"organization": acme.pk, "period": "2026-03-15", "edition": 2}
    assert staff.post(reverse("admin:ledger_repricing_add"), form).status_code == 302
    row = Repricing.objects.get()
    assert (row.organization_id, row.period, row.finished_at) == (acme.pk, PERIOD, None)
    job = Job.objects.get(task=repricing.REPRICE)
    for _ in range(2):
        tasks.reprice(**job.arguments, organization_id=str(acme.pk), job_id=str(job.pk))
    row.refresh_from_db()
    assert row.finished_at is not None
    assert (row.outcome["adjusted"], row.outcome["changed_usd"]) == (1, "1.000000000000000000")
    assert usd(acme, ours) == 3
    page = staff.get(reverse("admin:ledger_repricing_changelist")).content.decode()
    assert str(acme.pk) in page
