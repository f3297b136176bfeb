"""Runs of agents, measured allowances, and what is told of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.kernel.ids import uuid7
from apps.notices.models import Notice
from apps.tenants.context import tenant_scope
from apps.tenants.models import Entitlement, Organization, User
from apps.tenants.plans import Allowance
from apps.usage.allowances.models import AgentRun, Standing
from apps.usage.allowances.selectors import agent_run_count, is_exhausted, uses
from apps.usage.allowances.services import (
    AgentRunsExhausted,
    consume_agent_run,
    measure_allowances,
    prune_agent_runs,
)
from apps.usage.models import StoredContent
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_member, make_organization
from tests.usage.calls import AT, make_event

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=1)
BEFORE = AT - 24 * HOURS


@pytest.fixture
def acme() -> Organization:
    organization = make_organization("Acme")
    organization.entitlements.update(valid_from=BEFORE)
    allow(organization, "agent_runs", 3)
    return organization


@pytest.fixture
def ada(acme: Organization) -> User:
    return acme.memberships.get().user


def allow(organization: Organization, code: str, value: object) -> None:
    Entitlement.objects.update_or_create(
        organization=organization,
        code=code,
        defaults={"value": value, "valid_from": BEFORE},
    )


def run(user: User, organization: Organization, at: datetime) -> bool:
    try:
        consume_agent_run(user=user, organization=organization, at=at)
    except AgentRunsExhausted:
        return False
    return True


def test_the_window_slides(acme: Organization, ada: User) -> None:
    minutes = [0, 60, 120, 180, 299, 300, 301, 360, 361, 420]
    taken = [run(ada, acme, AT + timedelta(minutes=each)) for each in minutes]
    assert taken == [True, True, True, False, False, True, False, True, False, True]
    assert agent_run_count(acme, ada, at=AT + 5 * HOURS) == 3


def test_the_refusal_says_when_to_go_on_and_how_to_have_more(acme: Organization, ada: User) -> None:
    for minute in (0, 1, 2):
        run(ada, acme, AT + timedelta(minutes=minute))
    with pytest.raises(AgentRunsExhausted) as refusal:
        consume_agent_run(user=ada, organization=acme, at=AT + HOURS)
    assert (refusal.value.http_status, refusal.value.retry_after_seconds) == (429, 4 * 3600)
    assert refusal.value.detail == (
        "Your plan Early has 3 agent runs of one person in any 5 hours. Upgrade from Early to Mid "
        "(1,000) to have more. Or try again in 240 min."
    )
    assert run(ada, acme, AT + 5 * HOURS)


def test_each_person_in_each_organization_has_their_own(acme: Organization, ada: User) -> None:
    other = make_organization("Acme", ada)
    allow(other, "agent_runs", 3)
    bob = make_member(acme)
    assert [run(ada, acme, AT) for _ in range(4)] == [True, True, True, False]
    assert [run(ada, other, AT), run(bob, acme, AT)] == [True, True]


@pytest.mark.parametrize(("plan", "amount"), [("free", 3), ("early", 100), ("mid", 1000)])
def test_the_plan_rules_from_the_first_day_on(ada: User, plan: str, amount: int) -> None:
    fresh = make_organization("Fresh", ada)
    fresh.entitlements.update(valid_from=BEFORE)
    allow(fresh, "plan", plan)
    runs = (AgentRun(organization=fresh, user=ada, at=AT) for _ in range(amount - 1))
    AgentRun.objects.bulk_create(runs)
    assert [run(ada, fresh, AT) for _ in range(2)] == [True, False]


def test_an_allowance_of_none_and_one_without_a_bound(acme: Organization, ada: User) -> None:
    allow(acme, "agent_runs", 0)
    assert not run(ada, acme, AT)
    allow(acme, "agent_runs", "unlimited")
    assert [run(ada, acme, AT) for _ in range(5)] == [True] * 5


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(minutes=st.lists(st.integers(0, 1200), max_size=25))
def test_no_five_hours_ever_hold_more_than_allowed(
    minutes: list[int], acme: Organization, ada: User
) -> None:
    AgentRun.objects.all().delete()
    for minute in minutes:  # in any order, as clocks of several processes may have it
        run(ada, acme, AT + timedelta(minutes=minute))
    times = sorted(AgentRun.objects.values_list("at", flat=True))
    assert [
        start for start in times if sum(start <= each < start + 5 * HOURS for each in times) > 3
    ] == []
    assert bool(times) == bool(minutes)


def test_old_runs_are_forgotten(acme: Organization, ada: User) -> None:
    run(ada, acme, AT)
    assert prune_agent_runs(at=AT + timedelta(days=34)) == 0
    assert prune_agent_runs(at=AT + timedelta(days=36)) == 1


def measured(organization: Organization, at: datetime = AT) -> dict[str, int]:
    return {row.allowance: row.used for row in measure_allowances(organization=organization, at=at)}


def test_what_is_used_is_measured_in_each_organization_alone(acme: Organization, ada: User) -> None:
    other = make_organization("Acme")
    for organization, count in ((acme, 3), (other, 7)):
        calls = [make_event(organization, started_at=AT - HOURS) for _ in range(count)]
        calls += [
            make_event(organization, started_at=datetime(2026, 2, 28, 23, 59, tzinfo=UTC)),
            make_event(organization, started_at=AT - HOURS, kind="shadow"),
            make_event(organization, started_at=AT - HOURS, kind="import"),
        ]
        ingest_events(organization=organization, events=calls, at=AT)
    store_contents(organization=other, contents=[(uuid7(), b"12345")], at=AT)
    make_member(other)
    run(ada, acme, AT)
    assert measured(acme) == {
        "agent_runs": 1, "requests_per_month": 3, "seats": 1, "storage_bytes": 0,
    }  # fmt: skip
    assert measured(other) == {
        "agent_runs": 0, "requests_per_month": 7, "seats": 2, "storage_bytes": 5,
    }  # fmt: skip
    assert [use.used for use in uses(acme, at=AT)] == [1, 3, 1, 0]


def test_shares_are_told_once_a_month(acme: Organization) -> None:
    allow(acme, "seats", "unlimited")
    allow(acme, "requests_per_month", 10)

    def use(count: int, at: datetime) -> list[int]:
        calls = [make_event(acme, started_at=at) for _ in range(count)]
        ingest_events(organization=acme, events=calls, at=at)
        known = set(Notice.objects.values_list("pk", flat=True))
        for _ in range(2):
            measure_allowances(organization=acme, at=at + HOURS)
        return [row.payload["percent"] for row in Notice.objects.exclude(pk__in=known)]

    assert [use(count, AT) for count in (4, 1, 2, 1, 2, 5)] == [[], [50], [], [80], [100], []]
    assert use(9, AT + timedelta(days=31)) == [80]
    notice = Notice.objects.get(payload__percent=100)
    assert notice.subject == "100 % of the requests of this month of the plan Early are used"
    assert notice.advice == (
        "10 of 10 are used. At 100 %: Calls through the gateway go on. "
        "Upgrade from Early to Mid (20,000,000) to have more."
    )
    assert Notice.objects.exclude(organization=acme).count() == 0


def test_beyond_the_storage_no_content_is_kept_and_calls_are(acme: Organization) -> None:
    other = make_organization("Acme")
    allow(acme, "storage_bytes", 10)
    store_contents(organization=acme, contents=[(uuid7(), b"x" * 10)], at=AT)
    assert not is_exhausted(acme, Allowance.STORAGE)
    measure_allowances(organization=acme, at=AT)
    assert is_exhausted(acme, Allowance.STORAGE)
    for organization in (acme, other):
        store_contents(organization=organization, contents=[(uuid7(), b"more")], at=AT)
    call = make_event(acme)
    assert ingest_events(organization=acme, events=[call], at=AT).inserted == 1
    counts = []
    for organization in (acme, other):
        with tenant_scope(organization):
            counts.append(StoredContent.objects.count())
    assert counts == [1, 1]


def test_an_upgrade_counts_at_once(acme: Organization) -> None:
    measure_allowances(organization=acme, at=AT)
    allow(acme, "requests_per_month", 77)
    amounts = {use.allowance: use.amount for use in uses(acme, at=AT)}
    assert (amounts[Allowance.REQUESTS], amounts[Allowance.AGENT_RUNS]) == (77, 3)
    assert Standing.objects.filter(organization=acme).count() == 4


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_are_counted_one_after_the_other(acme: Organization, ada: User) -> None:
    def one(_number: int) -> bool:
        try:
            return run(ada, acme, AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(one, range(16)))
    assert (sum(taken), AgentRun.objects.count()) == (3, 3)
