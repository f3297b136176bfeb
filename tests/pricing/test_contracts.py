import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.pricing.models import ContractedRate, PriceBookEdition
from apps.pricing.rates import PriceBook
from apps.pricing.selectors import (
    price_book,
    price_book_of_version,
    snapshot_part,
)
from apps.pricing.services import (
    ContractEnded,
    InvalidContract,
    end_contracted_rate,
)
from tests.factories import make_organization
from tests.pricing.editions import HOUR, NOON, agree, publish, usd

pytestmark = pytest.mark.django_db


def test_a_contract_is_a_new_version_and_only_its_organization_sees_it() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    publish("10")
    agree(acme, NOON + HOUR)
    agree(globex, NOON + 2 * HOUR, terms={"per_mtok": {"input_uncached": "3"}}, model="gpt")

    book = price_book(NOON + 3 * HOUR)
    assert book.version == 3
    assert [usd(book, each) for each in (None, acme, globex)] == [10, 5, 3]
    assert usd(price_book(NOON), acme) == usd(price_book_of_version(1), acme) == 10
    assert str(globex.pk) not in json.dumps(book.for_organization(str(acme.pk)).to_dict())


def test_a_contract_set_before_any_edition_publishes_the_shipped_catalogue_first() -> None:
    agree(make_organization())

    assert list(PriceBookEdition.objects.order_by("version").values_list("version", flat=True)) == [
        1,
        2,
    ]


def test_a_contract_holds_in_its_period_only() -> None:
    acme = make_organization()
    publish("10")
    agree(acme, valid_from=NOON, valid_to=NOON + HOUR)

    book = price_book(NOON + 9 * HOUR)
    times = [NOON - timedelta(microseconds=1), NOON, NOON + HOUR]
    assert [usd(book, acme, at) for at in times] == [10, 5, 10]


def test_ending_a_contract_keeps_what_was_priced_with_it() -> None:
    acme = make_organization()
    publish("10")
    rate = agree(acme, NOON + HOUR)
    left = end_contracted_rate(rate_id=rate.pk, valid_to=NOON + 2 * HOUR, at=NOON + 3 * HOUR)

    now = price_book(NOON + 4 * HOUR)
    assert left
    assert left.pk != rate.pk
    assert now.version == 3
    assert [usd(now, acme, at) for at in (NOON, NOON + 2 * HOUR)] == [5, 10]
    assert usd(price_book_of_version(2), acme, NOON + 2 * HOUR) == 5


def test_a_withdrawn_contract_is_gone_from_the_next_version_on() -> None:
    acme = make_organization()
    publish("10")
    rate = agree(acme, NOON + HOUR)

    assert end_contracted_rate(rate_id=rate.pk, at=NOON + 2 * HOUR) is None
    assert usd(price_book(NOON + 3 * HOUR), acme) == 10
    assert usd(price_book_of_version(2), acme) == 5
    with pytest.raises(ContractEnded):
        end_contracted_rate(rate_id=rate.pk, at=NOON + 3 * HOUR)


@pytest.mark.parametrize(
    "fields",
    [
        {"terms": {}},
        {"terms": {"discount": "0"}},
        {"terms": {"discount": "1.5"}},
        {"terms": {"discount": "NaN"}},
        {"terms": {"discount": "0.12345678"}},
        {"terms": {"discount": "much"}},
        {"terms": {"discount": "0.1", "per_mtok": {"output": "1"}}},
        {"terms": {"per_mtok": {"input_uncached": "-1"}}},
        {"terms": {"per_mtok": {"outputs": "1"}}},
        {"terms": {"per_mtok": ["1"]}},
        {"terms": {"price": "1"}},
        {"terms": {"steps": [{"above": 5}]}},
        {"tier": "cheap"},
        {"valid_to": NOON - 48 * HOUR},
    ],
)
def test_a_contract_that_states_no_price_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidContract):
        agree(make_organization(), **fields)

    assert ContractedRate.objects.count() == PriceBookEdition.objects.count() == 0


def test_the_end_of_a_contract_must_follow_its_start() -> None:
    rate = agree(make_organization())

    with pytest.raises(InvalidContract):
        end_contracted_rate(rate_id=rate.pk, valid_to=rate.valid_from, at=NOON)


def test_the_snapshot_carries_the_whole_book() -> None:
    acme = make_organization()
    publish("10")
    agree(acme, NOON + HOUR)

    plain = json.loads(json.dumps(snapshot_part(NOON + HOUR)))
    assert usd(PriceBook.from_dict(plain), acme) == 5


def test_more_contracts_take_no_more_queries() -> None:
    publish("10")
    counts = []
    for _ in range(3):
        agree(make_organization())
        price_book(NOON + HOUR)
        with CaptureQueriesContext(connection) as queries:
            price_book(NOON + HOUR)
        counts.append(len(queries))

    assert counts == [counts[0]] * 3
