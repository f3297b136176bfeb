from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.selectors import event, events, refusals, sealed_content
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import IngestOutcome, ingest_events
from apps.usage.services.retention import keep_months, prune_contents
from apps.usage.tasks import keep_months as keep_months_of_all
from tests.factories import make_organization
from tests.usage.calls import AT, PROJECT, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(settings: Settings) -> Organization:
    settings.EVENT_RETENTION_DAYS = 60
    return make_organization("Acme")


def months(organization: Organization) -> list[str]:
    with tenant_scope(organization), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s"
            " AND tablename LIKE 'usage_event_2%%' ORDER BY 1",
            [organization.schema_name],
        )
        return [str(name).removeprefix("usage_event_") for (name,) in cursor.fetchall()]


def test_this_month_and_the_next_are_made_ahead_in_each_open_organization(
    acme: Organization,
) -> None:
    other, closed = make_organization("Other"), make_organization("Closed")
    Organization.objects.filter(pk=closed.pk).update(closed_at=AT)
    assert keep_months_of_all() == 2
    assert len(months(acme)) == len(months(other)) == 2
    assert months(acme)[0] == f"{utc_now():%Y_%m}"
    assert months(closed) == []


def test_months_go_when_their_last_event_is_too_old_for_anybody_to_send_again(
    acme: Organization,
) -> None:
    ends = datetime(2026, 2, 1, tzinfo=UTC)
    january, february = (
        make_event(acme, started_at=ends - timedelta(days=1)),
        make_event(acme, started_at=ends),
    )
    ingest_events(organization=acme, events=[january, february], at=ends)
    with tenant_scope(acme):
        keep_months(at=ends + timedelta(days=60) - timedelta(microseconds=1))
        assert [row.pk for row in events()] == [february.event_id, january.event_id]
        keep_months(at=ends + timedelta(days=60))
        assert [row.pk for row in events()] == [february.event_id]
    again = ingest_events(organization=acme, events=[january], at=ends + timedelta(days=60))
    assert again == IngestOutcome(refused=1)
    assert months(acme) == ["2026_02", "2026_04", "2026_05"]


def test_refusals_are_forgotten_with_the_retention(acme: Organization) -> None:
    ingest_events(
        organization=acme, events=[make_event(acme, started_at=AT - timedelta(days=61))], at=AT
    )
    with tenant_scope(acme):
        keep_months(at=AT + timedelta(days=60))
        assert refusals().count() == 1
        keep_months(at=AT + timedelta(days=61))
        assert refusals().count() == 0


def test_content_is_kept_once_and_pruned_by_project(acme: Organization) -> None:
    other = make_organization("Other")
    ours, elsewhere = make_event(acme), make_event(acme, project_id=uuid7())
    ingest_events(organization=acme, events=[ours, elsewhere], at=AT)
    contents = [(ours.event_id, b"\x00sealed"), (elsewhere.event_id, b"kept")]
    store_contents(organization=acme, contents=contents, at=AT)
    store_contents(organization=acme, contents=[(ours.event_id, b"later")], at=AT)
    store_contents(organization=other, contents=[(ours.event_id, b"canary")], at=AT)
    with tenant_scope(acme):
        assert sealed_content(ours.event_id) == b"\x00sealed"
        assert prune_contents(project_id=PROJECT, stored_before=AT) == 0
        assert prune_contents(project_id=PROJECT, stored_before=AT + timedelta(days=1)) == 1
        assert sealed_content(ours.event_id) is None
        assert sealed_content(elsewhere.event_id) == b"kept"
        assert event(ours.event_id).pk == ours.event_id
    with tenant_scope(other):
        assert sealed_content(ours.event_id) == b"canary"
