"""Calls that were put off, from the gateway to their results: each answered and recorded once."""

from decimal import Decimal
from typing import Any

import pytest

from apps.kernel.clock import utc_now
from apps.optimization.deadlines.selectors import DeferredCall
from apps.optimization.deadlines.services import cancel_deferred
from apps.tenants.context import tenant_scope
from apps.usage.selectors import events
from apps.usage.services.ingestion import ingest_events
from tests.proxy.batching.conftest import CHAT, PROVIDER_KEY, House

FREE = Decimal(0)
MESSAGES = {"model": "claude-sonnet-4-5", "max_tokens": 20}


def spent(house: House) -> Decimal:
    """What all records say, with those of the carriage shipped too."""
    carried = house.gateway.events(1)
    ingest_events(organization=house.acme, events=carried, at=utc_now())
    with tenant_scope(house.acme):
        return sum((each.actual_usd or Decimal(0) for each in events()), Decimal(0))


@pytest.mark.parametrize(
    ("path", "changes", "batches"),
    [(CHAT, {}, "/v1/batches"), ("/v1/messages", MESSAGES, "/v1/messages/batches")],
)
def test_a_batch_answers_for_half_of_the_price_and_each_call_has_one_record(
    house: House, path: str, changes: dict[str, Any], batches: str
) -> None:
    ids = [house.ask(f"Question {number}", path, **changes) for number in range(3)]
    house.advance()
    assert house.asked() == []  # others may join
    house.advance(seconds=40)
    assert {house.call(each).state for each in ids} == {"batched"}
    assert house.asked().count(f"POST {batches}") == 1
    house.advance(minutes=5)
    assert {house.call(each).state for each in ids} == {"batched"}
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=6)
    rows = [house.call(each) for each in ids]
    assert [(row.state, row.tier, row.status_code) for row in rows] == [
        ("completed", "batch", 200)
    ] * 3
    assert [house.result(each)["model"] != "" for each in ids] == [True] * 3
    assert {row.sealed_request for row in rows} == {None}
    for row in rows:
        record = house.event(row.pk)
        paid = record.actual_usd
        assert (record.kind, record.tier, record.outcome) == ("batch", "batch", "success")
        assert (record.counterfactual_usd, Decimal(record.decomposition["tier"])) == (
            2 * paid,
            paid,
        )
        assert (row.cost_usd, row.saved_usd) == (paid, paid)
        assert paid > 0
    carried = house.gateway.events(4)
    assert {(each.kind, each.actual_usd, each.buckets.total) for each in carried} == {
        ("batch", Decimal(0), 0)
    }
    assert spent(house) == sum(row.cost_usd or Decimal(0) for row in rows)


def test_what_a_batch_leaves_out_is_asked_by_itself_and_what_is_wrong_stays_wrong(
    house: House,
) -> None:
    house.simulator.script(PROVIDER_KEY, None, "batch-errors")
    ids = [house.ask(f"Question {number}") for number in range(3)]
    house.advance(seconds=40)
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=11)
    rows = [house.call(each) for each in ids]
    assert {row.state for row in rows} == {"completed"}
    assert sorted(row.tier for row in rows) == ["batch", "batch", "standard"]
    [alone] = [row for row in rows if row.tier == "standard"]
    record = house.event(alone.pk)
    assert (record.actual_usd, record.decomposition) == (record.counterfactual_usd, {})
    assert house.asked().count(f"POST {CHAT}") == 1
    assert spent(house) == sum(row.cost_usd or Decimal(0) for row in rows)


def test_a_call_that_the_provider_refuses_fails_with_what_it_said(house: House) -> None:
    call_id = house.ask("Hi", max_tokens=-5)
    house.advance(seconds=40)
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=11)
    row = house.call(call_id)
    assert (row.state, row.status_code) == ("failed", 400)
    assert "error" in house.result(call_id)
    assert (house.event(call_id).outcome, row.cost_usd) == ("error", FREE)
    assert f"POST {CHAT}" not in house.asked()


def test_a_batch_that_expires_is_answered_by_the_ordinary_tier_in_time(house: House) -> None:
    house.simulator.script(PROVIDER_KEY, None, "batch-expires")
    ids = [house.ask(f"Question {number}") for number in range(2)]
    house.advance(seconds=40)
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=11)
    rows = [house.call(each) for each in ids]
    assert sorted((row.state, row.tier) for row in rows) == [
        ("completed", "batch"), ("completed", "standard"),
    ]  # fmt: skip
    assert all(row.finished_at and row.finished_at < row.due_at for row in rows)


def test_a_batch_that_takes_too_long_is_not_waited_for_and_what_it_still_costs_is_shown(
    house: House,
) -> None:
    call_id = house.ask(deadline="30m")
    house.advance(seconds=40)
    house.advance(minutes=10)
    assert house.call(call_id).state == "batched"
    house.advance(minutes=13)
    row = house.call(call_id)
    assert (row.state, row.tier) == ("completed", "standard")
    assert row.finished_at is not None
    assert row.finished_at < row.due_at
    # The provider had finished it before it heard that nobody waits.
    house.simulator.world.now = 601.0  # type: ignore[attr-defined]
    house.advance(minutes=6)
    with tenant_scope(house.acme):
        late = events().get(error_code="answered_late")
    paid = row.cost_usd or FREE
    assert (late.actual_usd, late.counterfactual_usd) == (paid / 2, FREE)
    assert Decimal(late.decomposition["tier"]) == -paid / 2
    house.advance(minutes=6)
    assert spent(house) == paid * 3 / 2


def test_nobodys_batch_is_called_off(house: House) -> None:
    call_id = house.ask()
    house.advance(seconds=40)
    with tenant_scope(house.acme):
        cancel_deferred(call_id=call_id, at=house.clock())
    house.advance(minutes=5)
    house.advance(minutes=5)
    row = house.call(call_id)
    assert (row.state, row.sealed_request, house.result(call_id)) == ("cancelled", None, None)
    assert [each for each in house.asked() if each.endswith("/cancel")] != []
    assert (house.event(call_id).outcome, row.cost_usd) == ("cancelled", FREE)


def test_what_was_cancelled_before_anybody_asked_costs_nothing(house: House) -> None:
    call_id = house.ask()
    with tenant_scope(house.acme):
        for _ in range(2):
            cancel_deferred(call_id=call_id, at=house.clock())
    house.advance(minutes=90)
    assert house.asked() == []
    assert (house.event(call_id).outcome, house.call(call_id).cost_usd) == ("cancelled", FREE)


def test_a_provider_that_is_away_until_the_deadline_fails_the_call_and_charges_nothing(
    house: House,
) -> None:
    house.simulator.script(PROVIDER_KEY, *["500"] * 60)
    call_id = house.ask(deadline="20m")
    house.advance(seconds=40)
    house.advance(minutes=17)
    assert house.call(call_id).is_open
    house.advance(minutes=4)
    row = house.call(call_id)
    assert (row.state, row.error_code, row.cost_usd) == ("failed", "deadline_missed", FREE)
    assert house.event(call_id).outcome == "error"


def test_another_organization_has_none_of_it(house: House) -> None:
    call_id = house.ask()
    house.advance(seconds=40)
    with tenant_scope(house.globex):
        assert events().count() == 0
        with pytest.raises(DeferredCall.DoesNotExist):
            cancel_deferred(call_id=call_id, at=house.clock())
    assert house.call(call_id).state == "batched"
