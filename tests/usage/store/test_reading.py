from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.tenants.context import tenant_scope
from apps.usage.services.ingestion import ingest_events
from apps.usage.store.reading import EventFilter, find_events
from tests.factories import make_organization
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, tzinfo=UTC)
LONG = "u" * 300


def test_requests_of_an_end_user_are_found_by_an_index_and_no_namesake_among_them() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")
    for organization in (acme, globex):
        calls = [
            make_event(organization, started_at=MAY + timedelta(hours=place), end_user=name)
            for place, name in enumerate((LONG, LONG + "r", "ada"))
        ]
        ingest_events(organization=organization, events=calls, at=MAY)
    with tenant_scope(acme), connection.cursor() as cursor:
        found = find_events(EventFilter(end_user=LONG))
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert 'Index Cond: ("left"(end_user, 200) = ' in found.order_by().explain()
        assert [(each.end_user, each.started_at) for each in found] == [(LONG, MAY)]
