"""Budget alerts on their way from an event to people, each told once for ever."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from apps.kernel.events import Alert, Event
from apps.kernel.ids import uuid7
from apps.notices.kinds import Kind
from apps.notices.models import Notice
from apps.tenants.models import Job, Organization
from apps.usage.services.ingestion import IngestOutcome, ingest_events
from tests.factories import make_api_key, make_limit, make_organization, make_project
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def alert(limit_id: UUID, fraction: str = "0.5", window: str = "202603") -> Alert:
    return Alert(limit_id, Decimal(fraction), window, Decimal(1000), Decimal("512.3456"))


def ingest(organization: Organization, *given: Event) -> IngestOutcome:
    return ingest_events(organization=organization, events=given, at=AT)


def test_an_alert_becomes_one_notice_with_its_jobs(acme: Organization) -> None:
    project = make_project(acme, "Search")
    row = make_limit(acme, "budget_usd", 1000, window="month", project_id=project.pk)
    call = make_event(acme, alerts=(alert(row.pk),))
    assert ingest(acme, call, make_event(acme)) == IngestOutcome(inserted=2)
    notice = Notice.objects.get()
    assert (notice.organization, notice.kind, notice.at) == (acme, Kind.BUDGET_ALERT, AT)
    assert notice.subject == "50 % of the monthly budget of the project Search is spent"
    assert notice.advice == (
        "$512.35 of $1,000.00 are spent. Calls beyond the budget are refused. "
        "Raise it on the page Limits if they should go on."
    )
    assert notice.payload == {
        "limit_id": str(row.pk),
        "project_id": str(project.pk),
        "api_key_id": None,
        "window": "202603",
        "fraction": "0.5",
        "amount_usd": "1000",
        "spent_usd": "512.3456",
        "is_hard": True,
    }
    assert Job.objects.filter(task="notices.send_emails").count() == 1


def test_duplicates_tell_nothing_twice(acme: Organization) -> None:
    row = make_limit(acme, "budget_usd", 1000, window="month", is_hard=False)
    call = make_event(acme, alerts=(alert(row.pk),))
    ingest(acme, call, call)
    ingest(acme, call)
    # Another call, and a gateway that forgot what it had told.
    ingest(acme, make_event(acme, alerts=(alert(row.pk), alert(row.pk, "0.50"))))
    assert Notice.objects.count() == 1
    later = (alert(row.pk, "0.8"), alert(row.pk, window="202604"))
    ingest(acme, make_event(acme, alerts=later))
    assert Notice.objects.count() == 3
    assert Job.objects.filter(task="notices.send_emails").count() == 3


def test_an_event_that_was_known_before_tells_nothing(acme: Organization) -> None:
    row = make_limit(acme, "budget_usd", 1000, window="month")
    call = make_event(acme)
    ingest(acme, call)
    assert ingest(acme, replace(call, alerts=(alert(row.pk),))) == IngestOutcome(duplicate=1)
    assert Notice.objects.count() == 0


def test_an_alert_of_another_organizations_budget_tells_nothing(acme: Organization) -> None:
    row = make_limit(make_organization("Acme"), "budget_usd", 1000, window="month")
    ingest(acme, make_event(acme, alerts=(alert(row.pk), alert(uuid7()))))
    assert Notice.objects.count() == 0


def test_nothing_is_told_of_events_that_were_not_stored(acme: Organization) -> None:
    row = make_limit(acme, "budget_usd", 1000, window="month")
    old = make_event(acme, started_at=AT.replace(year=2019), alerts=(alert(row.pk),))
    assert ingest(acme, old) == IngestOutcome(refused=1)
    assert Notice.objects.count() == 0


def test_a_budget_of_a_key_is_called_by_the_keys_name(acme: Organization) -> None:
    key = make_api_key(acme, name="Backend").api_key
    row = make_limit(acme, "budget_usd", 1000, window="day", api_key_id=key.pk, is_hard=False)
    ingest(acme, make_event(acme, alerts=(alert(row.pk, "1", "20260315"),)))
    subject = f"100 % of the daily budget of the API key Backend {key.hint} is spent"
    assert Notice.objects.get().subject == subject
