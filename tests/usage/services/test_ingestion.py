from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from apps.kernel.events import Attempt, Charge, Event, encode
from apps.kernel.ids import uuid7
from apps.kernel.tokens import BUCKETS, TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.models import Refusal, UsageEvent
from apps.usage.selectors import event, events
from apps.usage.services.ingestion import IngestOutcome, ingest_encoded, ingest_events
from apps.usage.store import COLUMNS
from tests.factories import make_organization
from tests.kernel.event_strategies import events as any_event
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def ingest(organization: Organization, *given: Event) -> IngestOutcome:
    return ingest_events(organization=organization, events=given, at=AT)


def test_every_field_has_its_column(acme: Organization) -> None:
    buckets = TokenBuckets(*range(1, len(BUCKETS) + 1))
    given = make_event(
        acme,
        api_key_id=uuid7(),
        end_user="tab\tnewline\nbackslash\\ \\N ü",
        tags={"team": 'quote " and \\ and \n'},
        is_stream=True,
        is_priced=True,
        buckets=buckets,
        units={"images": 2},
        actual_usd=Decimal("0.000000000000000001"),
        counterfactual_usd=Decimal("123456789.123456789012345678"),
        decomposition={"route": Decimal("0.5")},
        features={"tokens": 12, "temperature": 0.7, "kind": "chat"},
        attempts=(Attempt("openai", model="gpt-4o", cost_usd=Decimal("0.1")),),
        first_byte_ms=0.25,
        price_version=3,
        untouched=(Charge("openai", "gpt-4o", "standard", buckets=TokenBuckets(output=5)),),
    )
    assert ingest(acme, given) == IngestOutcome(inserted=1)
    with tenant_scope(acme):
        row = event(given.event_id)
    same = [
        name
        for name in COLUMNS
        if name not in {"event_id", "attempts", "decisions", "decomposition", "untouched", *BUCKETS}
    ]
    assert {name: getattr(row, name) for name in same} == {
        name: getattr(given, name) for name in same
    }
    assert [getattr(row, name) for name in BUCKETS] == list(range(1, len(BUCKETS) + 1))
    assert row.decomposition == {"route": "0.5"}
    [charge] = row.untouched
    assert (charge["model"], charge["buckets"]["output"]) == ("gpt-4o", 5)
    assert (row.attempts[0]["model"], row.attempts[0]["cost_usd"]) == ("gpt-4o", "0.1")
    assert row.recorded_at == AT


def test_twice_is_once_in_a_batch_and_across_batches(acme: Organization) -> None:
    first, second = make_event(acme), make_event(acme)
    assert ingest(acme, first, first) == IngestOutcome(inserted=1, duplicate=1)
    assert ingest(acme, second, first) == IngestOutcome(inserted=1, duplicate=1)
    assert ingest(acme, second, first) == IngestOutcome(duplicate=2)
    with tenant_scope(acme):
        assert events().count() == 2


def test_what_is_known_stays_as_it_was(acme: Organization) -> None:
    known = make_event(acme, outcome="interrupted", status=None)
    ingest(acme, known)
    late = make_event(acme, event_id=known.event_id, status=200)
    assert ingest(acme, late) == IngestOutcome(duplicate=1)
    with tenant_scope(acme):
        assert event(known.event_id).outcome == "interrupted"


def test_writing_says_which_are_new(acme: Organization) -> None:
    known, new = make_event(acme), make_event(acme)
    ingest(acme, known)
    rows = [store.read_row(encode(each)) for each in (known, new, new)]
    with tenant_scope(acme), transaction.atomic():
        written = store.write_batch(rows, batch_id=uuid7(), at=AT)
        assert [row.key for row in written] == [(str(new.event_id), AT)]
        assert [row.recorded_at for row in events()] == [AT, AT]


def test_the_same_ids_of_two_organizations_are_two_calls(acme: Organization) -> None:
    other = make_organization("Acme")
    ours = make_event(acme, end_user="ours")
    theirs = make_event(other, event_id=ours.event_id, end_user="canary")
    assert ingest(acme, ours) == ingest(other, theirs) == IngestOutcome(inserted=1)
    with tenant_scope(acme):
        assert [row.end_user for row in events()] == ["ours"]


def test_each_month_has_a_partition_with_its_indexes(acme: Organization) -> None:
    ingest(acme, *(make_event(acme, started_at=AT - timedelta(days=31 * n)) for n in range(3)))
    with tenant_scope(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, count(*) FROM pg_indexes WHERE schemaname = %s"
            " AND tablename LIKE 'usage_event_2%%' GROUP BY 1 ORDER BY 1",
            [acme.schema_name],
        )
        assert cursor.fetchall() == [
            ("usage_event_2026_01", 7),
            ("usage_event_2026_02", 7),
            ("usage_event_2026_03", 7),
        ]
        assert events().count() == 3


def test_too_old_and_future_events_are_refused_and_reported_once(acme: Organization) -> None:
    old = make_event(acme, started_at=AT - timedelta(days=400, microseconds=1))
    oldest = make_event(acme, started_at=AT - timedelta(days=400))
    future = make_event(acme, started_at=AT + timedelta(days=2))
    assert ingest(acme, old, oldest, future) == IngestOutcome(inserted=1, refused=2)
    assert ingest(acme, old) == IngestOutcome(refused=1)
    with tenant_scope(acme):
        reported = set(Refusal.objects.values_list("event_id", "reason"))
        assert [row.pk for row in events()] == [oldest.event_id]
    assert reported == {(old.event_id, "too old"), (future.event_id, "in the future")}


def test_what_postgres_does_not_take_comes_back_and_the_rest_is_stored(
    acme: Organization,
) -> None:
    whole = [encode(make_event(acme)) for _ in range(9)]
    too_large = encode(make_event(acme, request_bytes=2**63))
    no_id = encode(make_event(acme)).replace(b'"event_id":"', b'"event_id":"x')
    no_object = b"[1]"
    outcome = ingest_encoded(
        organization=acme, encoded=[*whole[:4], too_large, no_id, no_object, *whole[4:]], at=AT
    )
    assert (outcome.inserted, outcome.refused) == (9, 0)
    assert set(outcome.unreadable) == {too_large, no_id, no_object}


def test_a_character_that_postgres_has_not_is_replaced(acme: Organization) -> None:
    given = make_event(acme, end_user="a\0b\\u0000\\", tags={"\0": "\\\0"})
    assert ingest(acme, given) == IngestOutcome(inserted=1)
    with tenant_scope(acme):
        row = event(given.event_id)
    assert (row.end_user, row.tags) == ("a\ufffdb\\u0000\\", {"\ufffd": "\\\ufffd"})


@given(any_event)
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_event_is_stored_or_refused(acme: Organization, given: Event) -> None:
    outcome = ingest_events(organization=acme, events=[given], at=AT)
    again = ingest_events(organization=acme, events=[given], at=AT)
    assert outcome.inserted + outcome.refused == 1
    assert again == IngestOutcome(duplicate=outcome.inserted, refused=outcome.refused)


def test_an_event_of_an_older_writer_is_filled_in(acme: Organization) -> None:
    given = make_event(acme)
    older = (
        b'{"event_id":"%s","started_at":"2026-03-15T13:00:00+01:00","project_id":"%s",'
        b'"endpoint":"messages","dialect":"anthropic"}'
    ) % (str(given.event_id).encode(), str(PROJECT).encode())
    assert ingest_encoded(organization=acme, encoded=[older], at=AT).inserted == 1
    with tenant_scope(acme):
        row = UsageEvent.objects.get()
    assert (row.started_at, row.outcome, row.output, row.tags) == (AT, "success", 0, {})
