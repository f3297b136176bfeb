"""The figures of value: exact, of one organization, and parts that make the whole."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.attribution.selectors import value
from apps.attribution.statements import amounts
from apps.attribution.valuing import (
    LeverValue,
    Rate,
    Spend,
    Value,
    ValueQuery,
    exact_sum,
    usual_days,
    value_lines,
)
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization, Project
from apps.usage.querying import InvalidQuery
from apps.usage.services.ingestion import ingest_events
from tests.attribution.proofs import make_proof
from tests.attribution.valuing.worth import NOON, NOW, make_worth
from tests.factories import make_api_key, make_organization, make_project
from tests.usage.calls import make_event

UTC = ZoneInfo("UTC")
DAYS = ValueQuery(date(2026, 3, 14), date(2026, 3, 16), UTC)
ATOM = Decimal("1e-18")
usd = st.integers(-(10**21), 10**21).map(lambda atoms: Decimal(atoms).scaleb(-18))


@pytest.fixture
def acme(db: None) -> Organization:
    """With calls, beside an organization of the same name with as many."""
    for organization in (make_organization("Acme"), acme := make_organization("Acme")):
        project = make_project(organization, "Search")
        make_worth(organization, project.pk, make_api_key(organization).api_key.pk)
    return acme


def asked(organization: Organization, **fields: Any) -> Value:
    with tenant_scope(organization):
        return value(replace(DAYS, **fields), at=NOW)


def project_of(organization: Organization) -> Project:
    return organization.projects.get(name="Search")


def test_without_netra_is_what_was_paid_and_what_was_saved(acme: Organization) -> None:
    spend = asked(acme).now.spend
    assert spend == Spend(
        calls=5, tokens=2000, unpriced_calls=1, actual_usd=Decimal("4.65"),
        estimated_usd=Decimal("3.35") + ATOM, overhead_usd=Decimal("0.3"),
    )  # fmt: skip
    assert spend.untouched_usd == Decimal("8") + ATOM


def test_levers_make_the_whole_with_overheads_and_losses(acme: Organization) -> None:
    now = asked(acme).now
    assert now.levers == [
        LeverValue("exact_cache", Decimal(2)),
        LeverValue("routing", Decimal("1.5"), Decimal("0.3")),
        LeverValue("prompt_cache", Decimal("0.15") + ATOM),
    ]
    assert exact_sum(each.net_usd for each in now.levers) == now.spend.estimated_usd


def test_what_no_lever_claims_is_a_line_of_its_own(acme: Organization) -> None:
    odd = make_event(
        acme, started_at=NOON, actual_usd=Decimal(1), counterfactual_usd=Decimal(3),
        decomposition={"routing": Decimal("0.5")}, requested_model="odd",
    )  # fmt: skip
    ingest_events(organization=acme, events=[odd], at=NOW)
    found = asked(acme, requested_model="odd")
    expected = [LeverValue("routing", Decimal("0.5")), LeverValue("", Decimal("1.5"))]
    assert (found.now.levers, found.lever_names) == (expected, ["routing", ""])


def test_a_request_carries_comparing_and_a_token_only_its_price(acme: Organization) -> None:
    now = asked(acme).now
    assert now.spend.per_call == Rate(Decimal("1.6"), Decimal("0.93"))
    # 4.35 for 2,000 tokens; routing and marks saved 1.65 of what they cost, a kept answer nothing.
    after = Decimal("2.175")
    assert now.per_thousand_tokens == Rate(after + Decimal("0.825"), after)


def test_nothing_costs_nothing_for_each(acme: Organization) -> None:
    found = asked(acme, first=date(2026, 1, 1), last=date(2026, 1, 2))
    assert (found.now.spend, found.now.levers) == (Spend(), [])
    assert found.now.spend.is_empty
    assert found.now.per_thousand_tokens == found.now.spend.per_call == Rate(None, None)


def test_buckets_have_every_day_and_sum_to_the_window(acme: Organization) -> None:
    found = asked(acme)
    assert [each.at.date().day for each in found.buckets] == [14, 15, 16]
    assert [each.spend.calls for each in found.buckets] == [0, 3, 2]
    for name in ("actual_usd", "estimated_usd", "overhead_usd"):
        parts = [getattr(each.spend, name) for each in found.buckets]
        assert exact_sum(parts) == getattr(found.now.spend, name)
    for each in found.buckets:
        assert exact_sum(each.levers.values()) == each.spend.estimated_usd


def test_the_window_before_is_as_long_and_can_be_left_out(acme: Organization) -> None:
    before = asked(acme).before
    assert before is not None
    assert (before.spend.actual_usd, before.net_of("routing")) == (Decimal(4), Decimal(1))
    assert (before.since.day, before.until.day) == (11, 14)
    assert asked(acme, compares=False).before is None


def test_arms_are_compared_without_overhead_or_refusals(acme: Organization) -> None:
    found = asked(acme)
    held, treated = found.holdout, found.treatment
    assert (held.calls, held.failed_calls, held.failed_share) == (1, 0, 0.0)
    assert (treated.calls, treated.failed_calls) == (3, 1)
    assert held.latency_p50_ms is not None
    assert treated.latency_p50_ms is not None
    assert held.latency_p50_ms > treated.latency_p50_ms


@pytest.mark.parametrize(
    ("fields", "calls", "estimated"),
    [
        ({"requested_model": "gpt-5"}, 5, "3.350000000000000001"),
        ({"requested_model": "gpt-4"}, 0, "0"),
        ({"end_user": "grace"}, 1, "2"),
        ({"tag_name": "team", "tag": "search"}, 1, "2"),
        ({"tag_name": "team", "tag": "sales"}, 0, "0"),
    ],
)
def test_filters_narrow_every_figure(
    acme: Organization, fields: dict[str, Any], calls: int, estimated: str
) -> None:
    found = asked(acme, **fields)
    assert (found.now.spend.calls, found.now.spend.estimated_usd) == (calls, Decimal(estimated))
    assert exact_sum(each.net_usd for each in found.now.levers) == Decimal(estimated)
    assert found.treatment.calls <= calls
    assert found.proven is None


def test_projects_and_keys_narrow_too(acme: Organization) -> None:
    key = acme.api_keys.get()
    assert asked(acme, api_key_id=key.pk).now.spend.calls == 1
    assert asked(acme, project_id=project_of(acme).pk).now.spend.calls == 5
    assert asked(acme, project_id=make_project(acme, "Other").pk).now.spend.is_empty


def test_statements_count_in_the_days_in_which_their_period_ended(acme: Organization) -> None:
    statement = make_proof(acme, days=1).statement
    ended = (statement.period.ends_at - timedelta(microseconds=1)).date()
    day = timedelta(days=1)
    for shift, expected in ((-day, []), (0 * day, [statement.pk]), (day, [])):
        known = asked(acme, first=ended + shift, last=ended + shift).proven
        assert known is not None
        assert [each.pk for each in known.statements] == expected
        assert known.proven_usd == (amounts(statement.document).proven if expected else None)
    after = asked(acme, first=ended + day, last=ended + day).proven
    assert after is not None
    assert (after.before_usd, len(after.before)) == (amounts(statement.document).proven, 1)
    assert after.experiments[0].units > 0


def test_proof_of_a_project_is_of_its_experiments_only(acme: Organization) -> None:
    make_proof(acme, days=1, name="All")
    project = project_of(acme)
    mine = make_proof(acme, days=1, name="Mine", project_id=project.pk)
    found = asked(acme, project_id=project.pk).proven
    assert found is not None
    assert [each.experiment.pk for each in found.experiments] == [mine.experiment.pk]


def test_another_organization_has_its_own_figures(acme: Organization) -> None:
    alone = make_organization("Acme")
    make_proof(acme, days=1)
    found = asked(alone)
    assert found.now.spend == Spend()
    assert found.proven is not None
    assert (found.proven.statements, found.proven.experiments) == ([], [])


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_experiments(
    acme: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        project = make_project(acme, f"Project {number}")
        make_proof(acme, days=1, name=f"{number}", project_id=project.pk)
    ended = make_proof(acme, days=1).statement.period.ends_at.date()
    with tenant_scope(acme), django_assert_num_queries(16):
        value(replace(DAYS, first=ended, last=ended), at=NOW)


def test_lines_repeat_the_figures(acme: Organization) -> None:
    found = asked(acme)
    lines = {(each.part, each.of, each.figure): each for each in value_lines(found)}
    span = "2026-03-14 to 2026-03-16"
    whole = lines["spend", span, "without_netra"]
    assert (whole.value, whole.value_before) == (Decimal(8) + ATOM, Decimal(5))
    assert lines["lever", "routing", "saved_net"].value == Decimal("1.2")
    assert lines["arm", "holdout", "requests"].value == 1
    assert lines["day", "2026-03-15T00:00:00+00:00", "saved_net:routing"].value == Decimal("-0.3")


@given(st.lists(usd, max_size=30))
def test_sums_are_exact_in_any_order(amounts: list[Decimal]) -> None:
    atoms = sum(int(each.scaleb(18)) for each in amounts)
    assert exact_sum(amounts) == exact_sum(reversed(amounts)) == Decimal(atoms).scaleb(-18)


def test_days_that_are_not_named_are_the_last_thirty() -> None:
    today = date(2026, 3, 31)
    assert usual_days(None, None, today=today) == (date(2026, 3, 2), today)
    assert usual_days(None, date(2026, 2, 1), today=today) == (date(2026, 1, 3), date(2026, 2, 1))
    assert usual_days(date(2026, 3, 30), None, today=today) == (date(2026, 3, 30), today)


@pytest.mark.parametrize(
    ("fields", "granularity"),
    [
        ({"first": date(2026, 3, 16)}, "hour"),
        ({}, "day"),
        ({"first": date(2025, 12, 1)}, "week"),
        ({"first": date(2025, 1, 1)}, "month"),
    ],
)
def test_long_windows_have_longer_buckets(fields: dict[str, Any], granularity: str) -> None:
    assert replace(DAYS, **fields).granularity == granularity


@pytest.mark.parametrize(
    "fields", [{"last": date(2026, 3, 13)}, {"tag": "search"}, {"tag_name": "team"}]
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        replace(DAYS, **fields)


def test_days_are_those_of_the_clocks(acme: Organization) -> None:
    # 12:00 UTC of the 15th is the 16th in Auckland.
    zone = ZoneInfo("Pacific/Auckland")
    days = {"first": date(2026, 3, 15), "last": date(2026, 3, 15), "zone": zone}
    assert asked(acme, **days).now.spend.calls == 0
    assert asked(acme, **(days | {"last": date(2026, 3, 16)})).now.spend.calls == 3
