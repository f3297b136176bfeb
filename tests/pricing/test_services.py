import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.models import CHANNEL, Catalogue, PriceBookEdition
from apps.pricing.selectors import (
    price_book,
    price_book_of_version,
)
from apps.pricing.services import (
    InvalidCatalogue,
    end_contracted_rate,
    publish_edition,
    publish_shipped_catalogue,
)
from apps.tenants.admin.audit import audited_events
from tests.factories import make_organization
from tests.pricing.editions import HOUR, NOON, agree, make_catalogue, publish, usd

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("price", ["-1", "1e-20", "ten"])
def test_a_catalogue_with_an_impossible_price_is_refused_as_a_whole(price: str) -> None:
    with pytest.raises(InvalidCatalogue, match="openai gpt"):
        publish(price)

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
