import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from apps.kernel.tokens import TokenBuckets
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.models import CHANNEL, Catalogue, ContractedRate, PriceBookEdition
from apps.pricing.rates import PriceBook, cost_usd
from apps.pricing.selectors import (
    contracted_rates,
    price_book,
    price_book_of_version,
    snapshot_part,
)
from apps.pricing.services import (
    ContractEnded,
    InvalidCatalogue,
    InvalidContract,
    end_contracted_rate,
    publish_edition,
    publish_shipped_catalogue,
    set_contracted_rate,
)
from apps.tenants.admin.audit import audited_events
from apps.tenants.models import Organization
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = TokenBuckets(input_uncached=1_000_000)


def make_catalogue(usd: str, edition: str = "2026-11-21") -> dict[str, Any]:
    """One model at `usd` for a million input tokens."""
    rates = [{"per_mtok": {"input_uncached": usd, "output": usd}}]
    models = [{"id": "gpt", "rates": rates}]
    providers = {"openai": {"source": "https://openai.test", "models": models}}
    return {"edition": edition, "source": "test", "providers": providers}


def publish(usd: str, at: datetime = NOON) -> PriceBookEdition:
    return publish_edition(catalogue=make_catalogue(usd), reason="test", at=at)


def agree(organization: Organization, at: datetime = NOON, **fields: Any) -> ContractedRate:
    fields = {"terms": {"discount": "0.5"}, "valid_from": NOON - 24 * HOUR} | fields
    return set_contracted_rate(
        organization=organization, provider="openai", source="MSA 7", at=at, **fields
    )


def usd(book: PriceBook, organization: Organization | None = None, at: datetime = NOON) -> Decimal:
    """What a million input tokens cost by the book."""
    book = book.for_organization(str(organization.pk)) if organization else book
    rate = book.rate("openai", "gpt", "standard", "", at)
    assert rate
    return cost_usd(ONE, rate)


def test_each_edition_is_a_new_version_and_the_old_one_stays_as_it_was() -> None:
    first, second = publish("10"), publish("20", NOON + HOUR)

    assert (first.version, second.version) == (1, 2)
    assert usd(price_book_of_version(1)) == 10
    assert usd(price_book_of_version(2)) == 20


def test_a_call_is_priced_by_the_edition_in_force_when_it_started() -> None:
    publish("10")
    publish("20", NOON + HOUR)

    times = [NOON - HOUR, NOON, NOON + HOUR - timedelta(microseconds=1), NOON + HOUR]
    assert [price_book(at).version for at in times] == [1, 1, 1, 2]


def test_publishing_the_same_prices_again_changes_nothing() -> None:
    first, again = publish("10"), publish("10", NOON + HOUR)

    assert first == again
    assert PriceBookEdition.objects.count() == 1


def test_prices_may_return_in_a_new_version() -> None:
    publish("10")
    publish("20", NOON + HOUR)

    assert publish("10", NOON + 2 * HOUR).version == 3
    assert Catalogue.objects.count() == 2


def test_versions_follow_in_time_where_clocks_disagree() -> None:
    first, second = publish("10"), publish("20", NOON - HOUR)

    assert second.in_force_from > first.in_force_from


def test_the_shipped_catalogue_is_in_force_before_and_after_its_publication() -> None:
    before = price_book(NOON)
    edition = publish_shipped_catalogue(at=NOON)

    assert (before.version, edition and edition.version) == (0, 1)
    after = price_book(NOON)
    assert list(after.rates(NOON)) == list(before.rates(NOON))
    assert price_book_of_version(0).version == 0


def test_the_shipped_catalogue_is_published_once_and_never_over_a_newer_one() -> None:
    publish_shipped_catalogue(at=NOON)
    assert publish_shipped_catalogue(at=NOON + HOUR) is None

    newer = make_catalogue("1", edition="2036-01-01")
    publish_edition(catalogue=newer, reason="by hand", at=NOON + HOUR)
    assert publish_shipped_catalogue(at=NOON + 2 * HOUR) is None
    assert price_book(NOON + 2 * HOUR).version == 2


def test_a_newer_shipped_catalogue_follows_an_older_one() -> None:
    older = make_catalogue("1", edition="2020-01-01")
    publish_edition(catalogue=older, reason="an older release", at=NOON)

    edition = publish_shipped_catalogue(at=NOON + HOUR)
    assert edition
    assert edition.catalogue.content == json.loads(json.dumps(shipped_catalogue()))


@pytest.mark.parametrize("usd", ["-1", "1e-20", "ten"])
def test_a_catalogue_with_an_impossible_price_is_refused_as_a_whole(usd: str) -> None:
    with pytest.raises(InvalidCatalogue, match="openai gpt"):
        publish(usd)

    assert PriceBookEdition.objects.count() == Catalogue.objects.count() == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pricing_pricebookedition SET reason = ''",
        "UPDATE pricing_catalogue SET content = '{}'",
        "DELETE FROM pricing_pricebookedition",
        "DELETE FROM pricing_catalogue",
        "UPDATE pricing_contractedrate SET terms = '{}'",
    ],
)
def test_what_calls_were_priced_with_cannot_be_edited(change: str) -> None:
    publish("10")
    agree(make_organization())

    with (
        pytest.raises(ProgrammingError, match="Cannot"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_a_contract_is_a_new_version_and_only_its_organization_sees_it() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    publish("10")
    agree(acme, NOON + HOUR)
    agree(globex, NOON + 2 * HOUR, terms={"per_mtok": {"input_uncached": "3"}}, model="gpt")

    book = price_book(NOON + 3 * HOUR)
    assert book.version == 3
    assert [usd(book, each) for each in (None, acme, globex)] == [10, 5, 3]
    assert usd(price_book(NOON), acme) == usd(price_book_of_version(1), acme) == 10
    assert [r.organization for r in contracted_rates(acme, version=3)] == [acme]
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
    assert (now.version, usd(now, acme), usd(now, acme, NOON + 2 * HOUR)) == (3, 5, 10)
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


def test_who_changed_prices_is_recorded() -> None:
    publish("10")
    rate = agree(make_organization(), NOON + HOUR)
    end_contracted_rate(rate_id=rate.pk, at=NOON + 2 * HOUR)

    labels = {
        event.__name__: list(
            event._default_manager.order_by("pgh_id").values_list("pgh_label", flat=True)
        )
        for event in audited_events("pricing")
    }
    assert labels == {
        "CatalogueEvent": ["insert"],
        "ContractedRateEvent": ["insert", "update"],
        "PriceBookEditionEvent": ["insert"] * 3,
    }


@pytest.mark.django_db(transaction=True)
def test_gateways_hear_of_each_new_version() -> None:
    server: dict[str, Any] = deepcopy(connection.get_connection_params())
    server = {name: server[name] for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**server, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        publish("10")
        heard = [notice.payload for notice in listener.notifies(timeout=5, stop_after=1)]

    assert heard == ["1"]
