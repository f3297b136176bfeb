"""From the request log to sealed rows and closed statements."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.attribution import tasks
from apps.attribution.assignment import arm_of
from apps.attribution.models import Period, SavingsStatement, SealedHead, SealedRow
from apps.attribution.selectors import SEALED_FOR, opened_salt, rerun
from apps.attribution.services import (
    PeriodTerms,
    Sealed,
    commit_period,
    create_experiment,
    seal_experiment,
)
from apps.kernel.events import Charge, Event
from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import cost_usd
from apps.tenants.context import tenant_scope
from apps.tenants.models import Job, Organization
from apps.tenants.services.data_keys import data_key
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.gateways import price_book
from tests.usage.calls import make_event

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=10)
OVER = END + SEALED_FOR
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MODEL = "gpt-4o-mini"
ASKED = TokenBuckets(input_uncached=600, output=200)


def usd(buckets: TokenBuckets = ASKED) -> Decimal:
    rate = price_book().rate("openai", MODEL, "standard", "", START)
    assert rate
    return cost_usd(buckets, rate)


def make_experiment(name: str = "Acme") -> tuple[Organization, Period]:
    organization = make_organization(name)
    with tenant_scope(organization):
        experiment = create_experiment(organization=organization, name="Levers", at=START)
        terms = PeriodTerms(START, END, holdout_percent=20)
        period = commit_period(
            organization=organization, experiment_id=experiment.pk, terms=terms, at=START
        )
    return organization, period


def drawn(organization: Organization, period: Period, unit: str) -> str:
    key = data_key(organization, at=START)
    return arm_of(
        unit,
        salt=opened_salt(period, organization_id=organization.pk, data_key=key),
        organization_id=organization.pk,
        experiment_id=period.experiment_id,
        holdout_percent=period.holdout_percent,
    )


def paid(organization: Organization, period: Period, unit: str, at: datetime) -> Event:
    """A call of a unit that its provider answered."""
    return make_event(
        organization,
        started_at=at,
        unit=unit,
        experiment_id=period.experiment_id,
        period_id=period.pk,
        arm=drawn(organization, period, unit),
        is_triggered=True,
        requested_model=MODEL,
        served_model=MODEL,
        tier="standard",
        region="",
        price_version=0,
        buckets=ASKED,
        is_priced=True,
        actual_usd=usd(),
        counterfactual_usd=usd(),
        features={"expected_nanos": 200_000},
    )


def answered(event: Event) -> Event:
    """The same call, given an answer that was kept."""
    return replace(
        event,
        buckets=TokenBuckets(),
        actual_usd=Decimal(0),
        decomposition={"exact_cache": usd()},
        untouched=(Charge("openai", MODEL, "standard", buckets=ASKED),),
    )


def in_arms(organization: Organization, period: Period, count: int, at: datetime) -> list[Event]:
    """One call of each of `count` units; treated ones are answered from what is kept."""
    calls = [
        paid(organization, period, f"conversation:{at:%d}-{number}", at) for number in range(count)
    ]
    return [answered(call) if call.arm == "treatment" else call for call in calls]


def store(organization: Organization, *events: Event) -> None:
    ingest_events(organization=organization, events=events, at=OVER)


def seal(organization: Organization, period: Period, at: datetime) -> Sealed:
    with tenant_scope(organization):
        return seal_experiment(organization=organization, experiment_id=period.experiment_id, at=at)


def findings(organization: Organization, experiment_id: UUID) -> list[str]:
    known: dict[str, Any] = {"organization_id": organization.pk}
    with tenant_scope(organization):
        return rerun(experiment_id, data_key=data_key(organization, at=OVER), **known).findings


def test_units_are_sealed_a_day_after_their_last_call_and_a_statement_closed_after_the_tail() -> (
    None
):
    acme, period = make_experiment("Acme")
    globex, _theirs = make_experiment("Globex")
    first = in_arms(acme, period, 120, START + HOUR)
    second = in_arms(acme, period, 100, START + 5 * DAY)
    store(acme, *first, *second)
    assert seal(acme, period, START + DAY).units == 0
    assert seal(acme, period, START + DAY + HOUR).units == 120
    assert seal(acme, period, OVER - HOUR).statements == []
    last = seal(acme, period, OVER)
    assert (last.units, last.unexplained) == (0, 0)
    [statement] = last.statements
    hits = sum(call.arm == "treatment" for call in (*first, *second))
    saved = int(hits * usd() * 10**18)
    assert statement.document["ledger_atoms"] == {"exact_cache": saved}
    assert statement.document["paid_atoms"] == int((220 - hits) * usd() * 10**18)
    assert (statement.document["units"], statement.document["held_out"]) == (220, 220 - hits)
    assert findings(acme, period.experiment_id) == []
    with tenant_scope(acme):
        dates = SealedHead.objects.order_by("batch").values_list("date", flat=True)
        assert list(dates) == [(START + DAY).date(), (START + 6 * DAY).date()]
    with tenant_scope(globex):
        assert (SealedRow.objects.count(), SavingsStatement.objects.count()) == (0, 0)


def test_twice_is_the_same_as_once_and_what_comes_after_the_seal_counts_for_nothing() -> None:
    acme, period = make_experiment()
    unit = "conversation:late"
    store(acme, paid(acme, period, unit, START), paid(acme, period, unit, START + HOUR))
    assert [seal(acme, period, START + 2 * DAY).units for _ in range(2)] == [1, 0]
    store(acme, paid(acme, period, unit, START + 3 * DAY))
    [statement] = seal(acme, period, OVER).statements
    assert statement.document["paid_atoms"] == int(2 * usd() * 10**18)
    assert seal(acme, period, OVER).statements == []
    assert findings(acme, period.experiment_id) == []


def compared(organization: Organization, period: Period, at: datetime, **more: Any) -> Event:
    """A call that one of our workers made to compare answers."""
    plain = paid(organization, period, "conversation:x", at)
    return replace(
        plain, **{"kind": "judge"} | more, unit=None, arm=None, counterfactual_usd=Decimal(0),
        is_triggered=False, decomposition={"exact_cache": -usd()},
    )  # fmt: skip


def test_what_comparing_cost_while_a_period_ran_is_taken_off_what_was_saved_in_it() -> None:
    acme, period = make_experiment("Acme")
    globex, theirs = make_experiment("Globex")
    calls = in_arms(acme, period, 120, START + HOUR)
    hits = sum(call.arm == "treatment" for call in calls)
    store(acme, *calls, compared(acme, period, START + HOUR))
    store(globex, compared(globex, theirs, START + HOUR))
    assert seal(acme, period, START + 2 * DAY).units == 120
    store(acme, compared(acme, period, START + HOUR, kind="shadow"))
    assert seal(acme, period, START + 2 * DAY).units == 0
    [statement] = seal(acme, period, OVER).statements
    cost = int(usd() * 10**18)
    assert statement.document["comparisons_atoms"] == 2 * cost
    assert statement.document["ledger_atoms"] == {"exact_cache": (hits - 2) * cost}
    assert statement.document["paid_atoms"] == (120 - hits + 2) * cost
    assert statement.document["untouched_atoms"] == 120 * cost
    assert findings(acme, period.experiment_id) == []
    with tenant_scope(acme):
        assert list(SealedHead.objects.order_by("batch").values_list("size", flat=True)) == [
            1, 121, 122,
        ]  # fmt: skip


def test_a_comparison_whose_price_is_not_found_again_is_reported() -> None:
    acme, period = make_experiment()
    store(acme, compared(acme, period, START, price_version=None, actual_usd=Decimal(1)))
    sealed = seal(acme, period, OVER)
    assert (sealed.unexplained, findings(acme, period.experiment_id)) == (1, [])
    assert "comparisons_atoms" not in sealed.statements[0].document


def test_a_call_whose_price_is_not_found_again_counts_for_nothing_and_is_reported() -> None:
    acme, period = make_experiment()
    calls = in_arms(acme, period, 40, START)
    hit = next(call for call in calls if call.arm == "treatment")
    dearer = replace(hit, decomposition={"exact_cache": 2 * usd()})
    unknown = replace(paid(acme, period, "conversation:x", START), actual_usd=Decimal(1))
    store(acme, *(call for call in calls if call is not hit), dearer, unknown)
    sealed = seal(acme, period, OVER)
    assert (sealed.units, sealed.unexplained) == (41, 2)
    claimed = sum(call.arm == "treatment" for call in calls) - 1
    ledger = sealed.statements[0].document["ledger_atoms"]
    assert ledger == {"exact_cache": int(claimed * usd() * 10**18)}
    assert findings(acme, period.experiment_id) == []


def test_what_was_expected_ends_with_the_first_call_that_a_lever_would_have_touched() -> None:
    acme, period = make_experiment()
    unit = "conversation:y"
    calls = [paid(acme, period, unit, START + number * HOUR) for number in range(4)]
    store(acme, replace(calls[0], is_triggered=False), *calls[1:])
    seal(acme, period, OVER)
    with tenant_scope(acme):
        line = bytes(SealedRow.objects.get().line)
    assert b'"expected":[400000,400000]' in line


def test_an_operator_seals_by_one_command_and_not_ahead_of_time() -> None:
    acme, period = make_experiment()
    store(acme, *in_arms(acme, period, 30, START))
    out = StringIO()
    call_command("seal_savings", acme.slug, "--at", OVER.isoformat(), stdout=out)
    assert out.getvalue().splitlines() == [
        f"{period.experiment_id}: 30 units in 1 batches, 0 unexplained",
        f"{period.experiment_id}: period 1 closed: fee 0 cents",
    ]
    for given in (["nobody"], [acme.slug, "--at", "soon"], [acme.slug, "--at", "2999-01-01T00Z"]):
        with pytest.raises(CommandError):
            call_command("seal_savings", *given)


def test_the_nightly_task_asks_for_organizations_that_have_an_experiment() -> None:
    acme, period = make_experiment()
    make_organization("Idle")
    store(acme, *in_arms(acme, period, 10, START))
    assert tasks.seal_all_savings() == 1
    [job] = Job.objects.filter(task=tasks.SEAL)
    assert job.organization_id == acme.pk
    with tenant_scope(acme):
        tasks.seal_savings.run()
        assert SealedRow.objects.count() == 10
