from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.ledger.models import Entry, Journal, OrganizationDay, Unit
from apps.usage.ledger.selectors import is_booked, trial_balance, used
from apps.usage.ledger.services import Posting, book_journals
from apps.usage.selectors import events
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db
MARCH, OTHER_PROJECT = date(2026, 3, 1), uuid7()
COST = Decimal("12345678.000000000000000001")


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def call(organization: Organization, **fields: Any) -> Any:
    known: dict[str, Any] = {
        "actual_usd": COST,
        "counterfactual_usd": COST + 1,
        "buckets": TokenBuckets(input_uncached=10, output=5),
    }
    return make_event(organization, **(known | fields))


def posting(organization: Organization, key: str = "a") -> Posting:
    amounts = {(Unit.USD, "live"): Decimal("1.5"), (Unit.CALLS, "live"): Decimal(0)}
    return Posting(organization.pk, PROJECT, MARCH, key, AT, AT, amounts)


def check_constraints() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def book_one_side(journal: Journal, unit: Unit) -> None:
    Entry.objects.create(journal=journal, unit=unit, account="used:x", amount=1)
    check_constraints()


def test_a_batch_is_one_journal_for_each_project_and_month(acme: Organization) -> None:
    other = make_organization("Other")
    ingest_events(organization=other, events=[call(other)], at=AT)
    february = AT - timedelta(days=20)
    batch = [
        call(acme),
        call(acme, kind="shadow", started_at=AT + timedelta(hours=1)),
        call(acme, started_at=february),
        call(acme, project_id=OTHER_PROJECT, actual_usd=None),
    ]
    for _ in range(2):
        ingest_events(organization=acme, events=batch, at=AT)
    journals = Journal.objects.filter(organization_id=acme.pk)
    assert sorted((j.period.month, j.project_id == PROJECT) for j in journals) == [
        (2, True), (3, False), (3, True),
    ]  # fmt: skip
    assert used(acme.pk, MARCH) == {
        (PROJECT, "calls"): 2,
        (PROJECT, "tokens"): 30,
        (PROJECT, "usd"): 2 * COST,
        (PROJECT, "saved_usd"): 2,
        (OTHER_PROJECT, "calls"): 1,
        (OTHER_PROJECT, "tokens"): 15,
    }
    assert set(trial_balance(acme.pk, MARCH).values()) == {Decimal(0)}
    linked = journals.get(period=MARCH, project_id=PROJECT)
    assert (linked.first_at, linked.last_at) == (AT, AT + timedelta(hours=1))
    with tenant_scope(acme):
        assert {row.batch_id for row in events()} == {linked.batch_id}


def test_days_of_an_organization_sum_its_projects_by_kind(acme: Organization) -> None:
    batch = [call(acme), call(acme, project_id=OTHER_PROJECT), call(acme, actual_usd=None)]
    for given in (batch, [*batch, call(acme, kind="import")]):
        ingest_events(organization=acme, events=given, at=AT)
    rows = OrganizationDay.objects.filter(organization_id=acme.pk).order_by("kind")
    fields = ("date", "kind", "calls", "unpriced_calls", "tokens", "spend_usd", "saved_usd")
    assert list(rows.values_list(*fields)) == [
        (AT.date(), "import", 1, 0, 15, COST, 1),
        (AT.date(), "live", 3, 1, 45, 2 * COST, 2),
    ]


def test_what_is_booked_stays(acme: Organization) -> None:
    [journal] = book_journals(postings=[posting(acme)], at=AT)
    check_constraints()
    entry = journal.entries.get(account="used:live")
    for change in (
        lambda: Entry.objects.filter(pk=entry.pk).update(amount=2),
        entry.delete,
        lambda: Journal.objects.filter(pk=journal.pk).update(booked_at=AT + timedelta(1)),
        journal.delete,
    ):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            change()
    assert used(acme.pk, MARCH) == {(PROJECT, "usd"): Decimal("1.5")}


def test_one_side_alone_is_refused_even_later(acme: Organization) -> None:
    [journal] = book_journals(postings=[posting(acme)], at=AT)
    for unit in (Unit.USD, Unit.TOKENS):
        with pytest.raises(IntegrityError), transaction.atomic():
            book_one_side(journal, unit)


def test_a_key_is_booked_once_in_each_organization(acme: Organization) -> None:
    other = make_organization("Other")
    book_journals(postings=[posting(acme), posting(other)], at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        book_journals(postings=[posting(acme)], at=AT)
    assert is_booked(acme.pk, "a")
    assert not is_booked(acme.pk, "b")
