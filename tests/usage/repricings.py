"""Calls of March, priced by version 1 of a price book that has a second one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from apps.kernel.events import Event
from apps.kernel.ids import uuid7
from apps.kernel.tokens import TokenBuckets
from apps.pricing.services import publish_edition
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.ledger.selectors import trial_balance
from apps.usage.services.checking import check_usage
from apps.usage.services.ingestion import ingest_events
from apps.usage.services.repricing import Outcome, reprice_usage
from tests.usage.calls import PROJECT, make_event

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
PERIOD, NOW = date(2026, 3, 1), datetime(2026, 4, 2, tzinfo=UTC)
OTHER_PROJECT, KEY = uuid7(), uuid7()
ONE = TokenBuckets(input_uncached=1_000_000)


def catalogue(edition: str, gpt: str, **others: str) -> dict[str, Any]:
    """Models at so many USD for a million tokens; gpt in batches costs half."""
    models: list[dict[str, Any]] = [
        {"id": name, "rates": [{"per_mtok": {"input_uncached": usd, "output": usd}}]}
        for name, usd in {"gpt": gpt, **others}.items()
    ]
    half = str(Decimal(gpt) / 2)
    models[0]["rates"].append({"tier": "batch", "per_mtok": {"input_uncached": half}})
    providers = {"openai": {"source": "https://openai.test", "models": models}}
    return {"edition": edition, "source": "test", "providers": providers}


def publish_versions() -> None:
    """Version 1, at which the calls were priced, and 2, which is dearer and knows "new"."""
    for edition, gpt, others in (("2026-02-01", "2", {}), ("2026-03-20", "3", {"new": "7"})):
        publish_edition(
            catalogue=catalogue(edition, gpt, **others), reason="test",
            at=datetime.fromisoformat(f"{edition}T00:00:00+00:00"),
        )  # fmt: skip


def call(organization: Organization, usd: str | None, **fields: Any) -> Event:
    known: dict[str, Any] = {
        "actual_usd": None if usd is None else Decimal(usd),
        "counterfactual_usd": None if usd is None else Decimal(usd),
        "is_priced": usd is not None,
        "served_model": "gpt",
        "buckets": ONE,
        "price_version": 1,
        "tier": "standard",
        "region": "",
    }
    return make_event(organization, **(known | fields))


def store(organization: Organization, *calls: Event) -> None:
    ingest_events(organization=organization, events=calls, at=NOW)


def reprice(organization: Organization, version: int = 2) -> Outcome:
    return reprice_usage(organization=organization, period=PERIOD, price_version=version, at=NOW)


def assert_all_equal(organization: Organization) -> None:
    """Nightly check and trial balance find nothing."""
    with tenant_scope(organization):
        assert check_usage(organization=organization, months=2, at=NOW) == []
    assert set(trial_balance(organization.pk, PERIOD).values()) <= {Decimal(0)}


def mixed_calls(organization: Organization) -> Iterator[Event]:
    random = Random(11)  # noqa: S311  (reproducible)
    for _ in range(120):
        model = random.choice(["gpt", "new"])
        buckets = TokenBuckets(random.randrange(10**6), output=random.randrange(10**5))
        cost = Decimal(buckets.total * 2).scaleb(-6)
        yield call(
            organization,
            str(cost) if model == "gpt" else None,
            started_at=MARCH + timedelta(minutes=random.randrange(31 * 24 * 60)),
            served_model=model,
            buckets=buckets,
            project_id=random.choice([PROJECT, OTHER_PROJECT]),
            api_key_id=random.choice([None, KEY]),
            end_user=random.choice([None, "ada"]),
            tags={"team": random.choice(["x", "y"])},
            kind=random.choice(["live", "shadow"]),
            total_ms=5.0,
        )


def by_second_version(calls: list[Event]) -> Decimal:
    rates = {"gpt": 3, "new": 7}
    return sum((Decimal(each.buckets.total * rates[each.served_model or ""]).scaleb(-6)
                for each in calls), Decimal(0))  # fmt: skip
