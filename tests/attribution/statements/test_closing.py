"""What may be billed: nothing twice, nothing picked, nothing beyond ledger and bound."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.attribution.sequences import Bound, Sums, lower_bound
from apps.attribution.statements import (
    ATOMS_PER_NANO,
    Carried,
    Contract,
    Evidence,
    NotTheNextPeriod,
    Period,
    Statement,
    close,
)
from apps.kernel.money import round_to_minor

CONTRACT = Contract(Bound("asymptotic", Decimal("0.05"), scale=10**12, least_count=1))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NANO_DOLLAR = 10**9
NANOS = st.integers(-(10**14), 10**14)
# Of a month: nanos added to the score's sum, nanos by the ledger and lever, whether paused.
MONTHS = st.lists(st.tuples(NANOS, NANOS, NANOS, st.booleans()), min_size=1, max_size=8)
Month = tuple[int, int, int, bool]


def _period(number: int) -> Period:
    starts_at = BEGIN + timedelta(days=30 * (number - 1))
    return Period(number, starts_at, starts_at + timedelta(days=30))


def _closed(months: list[Month], contract: Contract = CONTRACT) -> list[Statement]:
    """Scores without spread, so that the bound is their sum."""
    statements: list[Statement] = []
    carried, total = Carried(), 0
    for number, (saved, cached, routed, is_paused) in enumerate(months, 1):
        total += saved
        ledger = {"cache": cached * ATOMS_PER_NANO, "route": routed * ATOMS_PER_NANO}
        evidence = Evidence(Sums(number, total, 0), 10**20, ledger, 100, 10, is_paused)
        statements.append(close(_period(number), evidence, contract, carried))
        carried = statements[-1].carried
    return statements


def test_a_month_by_hand() -> None:
    """80 dollars proven, 100 by the ledger: 80 billed, 20 estimated, a fee of 16."""
    [statement] = _closed([(80 * NANO_DOLLAR, 75 * NANO_DOLLAR, 25 * NANO_DOLLAR, False)])

    assert (statement.proven, statement.billed) == (80 * NANO_DOLLAR, 80 * NANO_DOLLAR)
    assert statement.estimated == 20 * NANO_DOLLAR
    assert statement.billed_by_lever == {"cache": 60 * NANO_DOLLAR, "route": 20 * NANO_DOLLAR}
    assert statement.fee_minor == 1_600
    assert statement.untouched_atoms == 10**20 + 100 * 10**18
    assert statement.audited == 80 * NANO_DOLLAR


def test_the_ledger_caps_what_the_holdout_proves() -> None:
    [statement] = _closed([(80 * NANO_DOLLAR, 50 * NANO_DOLLAR, 0, False)])

    assert (statement.billed, statement.fee_minor) == (50 * NANO_DOLLAR, 1_000)


def test_a_negative_month_stays_and_is_made_up_before_anything_is_billed() -> None:
    dollars = [(100, 100), (-30, 50), (20, 20), (40, 40)]
    months = [(saved * NANO_DOLLAR, ledger * NANO_DOLLAR, 0, False) for saved, ledger in dollars]

    statements = _closed(months)

    assert [each.proven // NANO_DOLLAR for each in statements] == [100, -30, 20, 40]
    assert [each.billed // NANO_DOLLAR for each in statements] == [100, 0, 0, 30]
    assert [each.carried.shortfall // NANO_DOLLAR for each in statements] == [0, -30, -10, 0]


def test_nothing_is_billed_while_units_are_lost_from_the_draw() -> None:
    [statement] = _closed([(80 * NANO_DOLLAR, 80 * NANO_DOLLAR, 0, True)])

    assert (statement.billed, statement.fee_minor, statement.is_paused) == (0, 0, True)
    assert statement.estimated == 80 * NANO_DOLLAR


@given(months=MONTHS)
def test_all_that_was_billed_is_within_the_bound_and_the_ledger(months: list[Month]) -> None:
    statements = _closed(months)
    last = statements[-1].carried
    billed = sum(each.billed for each in statements) + last.shortfall
    ledger = sum(cached + routed for _, cached, routed, _ in months)
    bound = max(sum(saved for saved, *_ in months), 0)

    assert billed <= min(ledger, bound)
    assert last.proven == bound
    assert all(each.billed >= 0 >= each.carried.shortfall for each in statements)


@given(months=MONTHS)
def test_the_parts_of_a_statement_add_up(months: list[Month]) -> None:
    for statement in _closed(months):
        assert sum(statement.billed_by_lever.values()) == statement.billed
        assert statement.estimated >= 0
        saved = sum(statement.ledger_atoms.values())
        assert statement.untouched_atoms - statement.paid_atoms == saved


@given(months=MONTHS)
def test_cents_are_rounded_once_and_nothing_is_lost(months: list[Month]) -> None:
    statements = _closed(months)
    exact = Decimal(sum(each.billed for each in statements) * 2_000).scaleb(-13)
    left = Decimal(statements[-1].carried.fee_remainder).scaleb(-13)

    assert Decimal(sum(each.fee_minor for each in statements)).scaleb(-2) + left == exact
    assert abs(left) <= Decimal("0.005")
    assert (
        statements[0].fee_minor
        == round_to_minor(Decimal(statements[0].billed * 2_000).scaleb(-13), "USD").amount_minor
    )


@given(months=MONTHS, cuts=st.sets(st.integers(1, 7)))
def test_finer_periods_never_bill_more_than_the_bound_of_the_whole(
    months: list[Month], cuts: set[int]
) -> None:
    """Any way to cut the same time into periods is held by the same bound."""
    edges = [0, *sorted(cut for cut in cuts if cut < len(months)), len(months)]
    merged = [
        (
            sum(each[0] for each in months[start:end]), sum(each[1] for each in months[start:end]),
            sum(each[2] for each in months[start:end]), False,
        )
        for start, end in zip(edges, edges[1:], strict=False)
    ]  # fmt: skip
    whole = max(sum(saved for saved, *_ in months), 0)

    statements = _closed(merged)

    assert sum(each.billed for each in statements) + statements[-1].carried.shortfall <= whole


def test_no_window_can_be_picked_skipped_or_closed_twice() -> None:
    [first] = _closed([(NANO_DOLLAR, NANO_DOLLAR, 0, False)])
    evidence = Evidence(Sums(2, NANO_DOLLAR, 0), 0, {}, 1, 1)
    later = replace(_period(3), number=2)
    shorter = Period(2, BEGIN + timedelta(days=31), BEGIN + timedelta(days=60))

    for window in (later, shorter, _period(1)):
        with pytest.raises(NotTheNextPeriod):
            close(window, evidence, CONTRACT, first.carried)
    with pytest.raises(ValueError, match="cannot follow"):
        close(replace(_period(2), number=3), evidence, CONTRACT, first.carried)
    with pytest.raises(ValueError, match="cannot follow"):
        close(replace(_period(2), ends_at=_period(2).starts_at), evidence, CONTRACT, first.carried)


def test_a_statement_has_no_figure_for_any_time_but_its_own() -> None:
    """A new field has to be thought about: is it this period's, or since the start and said so?"""
    assert {field.name for field in fields(Statement)} == {
        "period", "paid_atoms", "comparisons_atoms", "ledger_atoms", "untouched_atoms", "audited",
        "since_start",
        "proven", "billed", "billed_by_lever", "estimated", "fee_minor", "is_paused", "units",
        "held_out", "carried",
    }  # fmt: skip


def test_what_is_proven_is_the_bound_and_not_the_estimate() -> None:
    sums = Sums(10_000, 100 * NANO_DOLLAR, 10_000 * (NANO_DOLLAR // 10) ** 2)
    evidence = Evidence(sums, 0, {"cache": 10**21}, 10_000, 1_000)

    statement = close(_period(1), evidence, CONTRACT, Carried())

    assert statement.proven == lower_bound(sums, CONTRACT.bound)
    assert 0 < statement.billed < statement.audited
    assert statement.since_start is not None
    assert statement.since_start[0] == statement.billed
    assert statement.since_start[1] > statement.audited
