from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.kernel.tokens import TokenBuckets
from apps.usage.exports.columns import COLUMNS, Row
from apps.usage.exports.delimited import csv_chunks
from apps.usage.exports.focus.rows import FOCUS_COLUMNS, Account, charge_batches
from tests.usage.exports.focus_rules import broken_columns, broken_rules
from tests.usage.exports.records import ACME, AT, PROJECT, books, priced, row, rows
from tests.usage.exports.test_formats import halves, read_csv, total

ACCOUNT = Account(ACME, "Acme", {PROJECT: "Search"})


@pytest.fixture(autouse=True)
def _wide() -> Iterator[None]:
    with localcontext(prec=80):
        yield


def exported(given_rows: list[Row], *, is_contracted: bool = False) -> list[dict[str, str]]:
    found = charge_batches(ACCOUNT, books(is_contracted=is_contracted), halves(given_rows))
    return read_csv(b"".join(csv_chunks(FOCUS_COLUMNS, found)))


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.data())
def test_charges_keep_the_rules_and_sum_to_the_events_exactly(
    is_contracted: bool, data: st.DataObject
) -> None:
    given_rows = data.draw(rows(is_contracted=is_contracted))
    with localcontext(prec=80):
        found = exported(given_rows, is_contracted=is_contracted)
        assert [broken for each in found for broken in broken_rules(each)] == []
        for column in ("BilledCost", "EffectiveCost", "ContractedCost"):
            assert sum((Decimal(each[column]) for each in found), Decimal(0)) == total(given_rows)


def test_the_columns_are_those_of_the_specification() -> None:
    assert broken_columns(list(FOCUS_COLUMNS)) == []


def by_book(buckets: TokenBuckets, *, is_contracted: bool = False, **fields: object) -> Row:
    cost = priced(buckets, {}, "standard", is_contracted=is_contracted)
    counts = {"input_uncached": buckets.input_uncached, "output": buckets.output}
    return row(**counts, actual_usd=cost, **fields)


def shown(found: list[dict[str, str]], *names: str) -> list[tuple[str, ...]]:
    return [tuple(each[name] for name in names) for each in found]


def test_each_bucket_is_a_row_and_an_hour_is_summed() -> None:
    buckets = TokenBuckets(input_uncached=1_000, output=10)
    calls = [by_book(buckets, started_at=AT + timedelta(minutes=m)) for m in (0, 59, 60)]
    found = exported(calls)
    assert shown(found, "ChargePeriodStart", "SkuMeter", "ConsumedQuantity", "BilledCost") == [
        ("2026-03-15T12:00:00Z", "Input Uncached", "2000", "0.005"),
        ("2026-03-15T12:00:00Z", "Output", "20", "0.0002"),
        ("2026-03-15T12:00:00Z", "Request", "2", "0.004"),
        ("2026-03-15T13:00:00Z", "Input Uncached", "1000", "0.0025"),
        ("2026-03-15T13:00:00Z", "Output", "10", "0.0001"),
        ("2026-03-15T13:00:00Z", "Request", "1", "0.002"),
    ]
    assert shown(
        found[:1], "PricingQuantity", "PricingUnit", "ListUnitPrice", "SubAccountName"
    ) == [("0.002", "1000000 Tokens", "2.5", "Search")]


def test_a_contract_lowers_what_is_paid_and_not_the_list() -> None:
    buckets = TokenBuckets(input_uncached=1_000_000)
    (first, *_) = exported([by_book(buckets, is_contracted=True)], is_contracted=True)
    assert (first["ListCost"], first["ContractedCost"]) == ("5", "3.75")
    assert first["SkuPriceId"] == "openai/gpt/input_uncached/standard/above-200000"


def test_a_cost_that_no_price_explains_is_never_split() -> None:
    (only,) = exported([row(input_uncached=10, output=10, actual_usd=Decimal("7"))])
    assert (only["SkuMeter"], only["ConsumedUnit"], only["BilledCost"]) == ("Call", "Requests", "7")


def test_what_is_unpriced_has_no_row() -> None:
    assert exported([row(input_uncached=10)]) == []


def test_rows_of_another_hour_wait_for_no_memory() -> None:
    calls = [by_book(TokenBuckets(output=1), started_at=AT + timedelta(hours=n)) for n in range(3)]
    batches = charge_batches(ACCOUNT, books(), [[call] for call in calls])
    assert [len(batch) for batch in batches] == [0, 2, 2, 2]
    assert len(COLUMNS) == len(calls[0])
