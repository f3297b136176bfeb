"""Room made ahead for events, and room given back."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.models import Refusal, StoredContent

_CONTENTS_OF_PROJECT = """
    DELETE FROM usage_content AS content USING usage_event AS event
    WHERE content.stored_at < %s AND event.project_id = %s AND event.event_id = content.event_id
"""


def retention() -> timedelta:
    """How long events are kept: NETRA_EVENT_RETENTION_DAYS."""
    return timedelta(days=settings.EVENT_RETENTION_DAYS)


def minute_retention() -> timedelta:
    """How long sums by minute are kept: NETRA_MINUTE_RETENTION_DAYS."""
    return timedelta(days=settings.MINUTE_RETENTION_DAYS)


@transaction.atomic
def keep_months(*, at: datetime) -> None:
    """Make this month and the next of the current organization; drop what the retention ends.

    Refusals and stored content go at the same age at the latest.
    """
    month = store.month_of(at)
    store.ensure_months([month, store.next_month(month)])
    store.drop_months_before(at - retention())
    store.drop_adjustments_before(store.month_of(at - retention()).start)
    store.drop_minutes_before(at - minute_retention())
    Refusal.objects.filter(refused_at__lt=at - retention()).delete()
    StoredContent.objects.filter(stored_at__lt=at - retention()).delete()


def prune_expired_contents(organization: Organization, *, at: datetime) -> int:
    """Delete what each project of the current organization keeps no longer; returns how many."""
    projects = organization.projects.order_by("id").values_list("id", "content_retention_days")
    return sum(
        prune_contents(project_id=project_id, stored_before=at - timedelta(days=days))
        for project_id, days in projects
    )


def prune_contents(*, project_id: UUID, stored_before: datetime) -> int:
    """Delete stored content of a project of the current organization; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS_OF_PROJECT, [stored_before, project_id])
        return int(cursor.rowcount)
