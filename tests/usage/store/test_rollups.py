from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.kernel.events import Event, encode
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.services.ingestion import ingest_encoded, ingest_events
from apps.usage.store.measures import ALL_SUMS, BIN, BINS, SAVED, SUMS, bin_end_ms, bin_of
from apps.usage.store.rollups import DIMENSIONS
from tests.factories import make_organization
from tests.kernel.event_strategies import events as any_event
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db
ATOM = Decimal("0.000000000000000001")


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def rows(organization: Organization, query: str) -> list[tuple[Any, ...]]:
    with tenant_scope(organization), connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def saving(organization: Organization, **fields: Any) -> Any:
    known: dict[str, Any] = {
        "actual_usd": Decimal("0.25") + ATOM,
        "counterfactual_usd": Decimal("0.75"),
        "decomposition": {"route": Decimal("0.5") - ATOM, "cache": Decimal("0")},
        "buckets": TokenBuckets(input_uncached=10, output=5),
        "total_ms": 900.1,
        "end_user": "ada",
        "tags": {"team": "search"},
    }
    return make_event(organization, **(known | fields))


def test_each_new_event_counts_once_in_every_grain(acme: Organization) -> None:
    other = make_organization("Other")
    calls = [saving(acme, started_at=AT + timedelta(minutes=n)) for n in (0, 1, 61)]
    for batch in (calls[:2], calls[1:], calls):
        ingest_events(organization=acme, events=batch, at=AT)
    ingest_events(organization=other, events=[saving(other)], at=AT)
    found = rows(
        acme,
        "SELECT grain, bucket_at, calls, actual_usd, saved_usd FROM usage_rollup"
        " JOIN usage_series ON id = series_id WHERE lever = '' ORDER BY 1, 2",
    )
    one, saved = Decimal("0.25") + ATOM, Decimal("0.5") - ATOM
    expected = [(1, 0, 1), (1, 1, 1), (1, 61, 1), (15, 0, 2), (15, 60, 1), (60, 0, 2), (60, 60, 1)]
    assert found == [
        *((grain, AT + timedelta(minutes=m), n, n * one, n * saved) for grain, m, n in expected),
        (1440, AT.replace(hour=0), 3, 3 * one, 3 * saved),
    ]


def test_a_lever_counts_the_calls_that_it_saved_on_with_its_part(acme: Organization) -> None:
    events = [saving(acme), saving(acme), make_event(acme)]
    ingest_events(organization=acme, events=events, at=AT)
    found = rows(
        acme,
        "SELECT lever, sum(calls), sum(saved_usd), sum(unpriced_calls) FROM usage_rollup"
        " JOIN usage_series ON id = series_id WHERE grain = 1440 GROUP BY 1 ORDER BY 1",
    )
    whole = 2 * (Decimal("0.5") - ATOM)
    assert found == [("", 3, whole, 1), ("cache", 2, 0, 0), ("route", 2, whole, 0)]


def test_end_users_and_tags_are_summed_by_day_and_week(acme: Organization) -> None:
    events = [
        saving(acme),
        saving(acme, end_user="bob", started_at=AT + timedelta(hours=13)),
        saving(acme, end_user="bob", started_at=AT - timedelta(days=4)),
        saving(acme, tags={"team": "search", "env": "test"}, outcome="error"),
    ]
    ingest_events(organization=acme, events=events, at=AT)
    found = rows(
        acme,
        "SELECT facet, name, value, grain, extract(day FROM bucket_at AT TIME ZONE 'UTC')::int,"
        " calls, error_calls, output_tokens FROM usage_facet ORDER BY 1, 2, 3, 4, 5",
    )
    assert found == [
        ("end_user", "", "ada", 1440, 15, 2, 1, 10),
        ("end_user", "", "ada", 10080, 12, 2, 1, 10),
        ("end_user", "", "bob", 1440, 11, 1, 0, 5),
        ("end_user", "", "bob", 1440, 16, 1, 0, 5),
        ("end_user", "", "bob", 10080, 5, 1, 0, 5),
        ("end_user", "", "bob", 10080, 12, 1, 0, 5),
        ("tag", "env", "test", 1440, 15, 1, 1, 5),
        ("tag", "env", "test", 10080, 12, 1, 1, 5),
        ("tag", "team", "search", 1440, 11, 1, 0, 5),
        ("tag", "team", "search", 1440, 15, 2, 1, 10),
        ("tag", "team", "search", 1440, 16, 1, 0, 5),
        ("tag", "team", "search", 10080, 5, 1, 0, 5),
        ("tag", "team", "search", 10080, 12, 3, 1, 15),
    ]


_BINS = ", ".join(f"count(*) FILTER (WHERE {BIN} = {number})" for number in range(1, BINS + 1))
_DAY = "date_bin('1 day', started_at, '2026-01-01T00:00:00Z')"
FROM_EVENTS = f"""
    SELECT {_DAY}, {", ".join(DIMENSIONS.values())},
        {", ".join(f"sum({value})" for value in ALL_SUMS.values())}, ARRAY[{_BINS}]::int[]
    FROM usage_event CROSS JOIN LATERAL (
        SELECT '' AS lever, {SAVED} AS saved_usd
        UNION ALL SELECT key, value::numeric(38,18) FROM jsonb_each_text(decomposition)
    ) AS part GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608  (constants, as below)
DAYS = f"""
    SELECT bucket_at, {", ".join(DIMENSIONS)}, {", ".join(ALL_SUMS)}, latency_bins
    FROM usage_rollup JOIN usage_series ON id = series_id WHERE grain = 1440
"""  # noqa: S608
FACETS_FROM_EVENTS = f"""
    SELECT minutes, date_bin(make_interval(mins => minutes), started_at, 'epoch'), facet,
        name, part.value, project_id, kind,
        {", ".join(f"sum({value})" for value in SUMS.values())}
    FROM (SELECT event.*, {SAVED} AS saved_usd FROM usage_event AS event) AS event
    CROSS JOIN LATERAL (
        SELECT 'end_user' AS facet, '' AS name, left(end_user, 200) AS value
        WHERE end_user IS NOT NULL
        UNION ALL SELECT 'tag', left(key, 60), left(value, 200) FROM jsonb_each_text(tags)
    ) AS part CROSS JOIN unnest('{{1440, 10080}}'::int[]) AS minutes
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608
FACETS = f"""
    SELECT grain, bucket_at, facet, name, value, project_id, kind, {", ".join(SUMS)}
    FROM usage_facet
"""  # noqa: S608


@given(st.lists(any_event, max_size=5))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_we_add_up_is_what_postgres_finds_in_the_events(
    acme: Organization, given: list[Event]
) -> None:
    ingest_events(organization=acme, events=given, at=AT)
    assert sorted(rows(acme, DAYS)) == sorted(rows(acme, FROM_EVENTS))
    assert sorted(rows(acme, FACETS)) == sorted(rows(acme, FACETS_FROM_EVENTS))


def test_names_of_any_length_find_their_place(acme: Organization) -> None:
    long = "ü" * 5000
    given = saving(acme, requested_model=long, served_model=long, end_user=long, tags={long: long})
    assert ingest_events(organization=acme, events=[given], at=AT).inserted == 1


@pytest.mark.parametrize(
    ("said", "absurd"),
    [
        (b'"input_uncached":10', b'"input_uncached":1099511627777'),
        (b'"counterfactual_usd":"0.75"', b'"counterfactual_usd":"1E10"'),
        (b'"counterfactual_usd":"0.75"', b'"counterfactual_usd":"NaN"'),
    ],
)
def test_counts_that_no_call_has_are_no_event(
    acme: Organization, said: bytes, absurd: bytes
) -> None:
    encoded = encode(saving(acme)).replace(said, absurd)
    assert absurd in encoded
    outcome = ingest_encoded(organization=acme, encoded=[encoded], at=AT)
    assert (outcome.inserted, outcome.unreadable) == (0, (encoded,))


def test_minutes_are_forgotten_and_longer_grains_stay(acme: Organization) -> None:
    ingest_events(organization=acme, events=[saving(acme)], at=AT)
    with tenant_scope(acme):
        assert store.drop_minutes_before(AT) == 0
        assert store.drop_minutes_before(AT + timedelta(minutes=1)) == 3
    grains = rows(acme, "SELECT DISTINCT grain FROM usage_rollup ORDER BY 1")
    assert grains == [(15,), (60,), (1440,)]


@pytest.mark.parametrize("ms", [0.0, 0.5, 4.0, 4.01, 5.0, 5.1, 900.1, 65_537.0, 1e9])
def test_postgres_and_we_agree_on_the_bin_of_a_latency(acme: Organization, ms: float) -> None:
    ingest_events(organization=acme, events=[saving(acme, total_ms=ms, api_key_id=uuid7())], at=AT)
    [(number,)] = rows(acme, f"SELECT {BIN} FROM usage_event")  # noqa: S608
    assert number == bin_of(ms)
    assert ms <= bin_end_ms(number) or number == BINS
    [(bins,)] = rows(
        acme, "SELECT latency_bins FROM usage_rollup JOIN usage_series ON id = series_id"
        " WHERE grain = 1440 AND lever = ''",
    )  # fmt: skip
    assert bins == [int(n == number) for n in range(1, BINS + 1)]
