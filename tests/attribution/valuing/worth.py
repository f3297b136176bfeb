"""An organization whose calls of two windows are known to the last digit."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.kernel.tokens import TokenBuckets
from apps.tenants.models import Organization
from apps.usage.services.ingestion import ingest_events
from tests.usage.calls import make_event

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
WINDOW = "since=2026-03-14&until=2026-03-16"


def make_worth(organization: Organization, project_id: UUID, key_id: UUID | None = None) -> None:
    """Two days of three in March that saved, an overhead, a loss; a dearer window before."""
    known: dict[str, Any] = {"project_id": project_id, "requested_model": "gpt-5", "kind": "live"}
    calls = [
        # A kept answer: nothing paid, no tokens.
        _call(organization, known, NOON, "0", "2", {"exact_cache": "2"}, api_key_id=key_id,
              tokens=0, arm="treatment", total_ms=4.0, end_user="grace", tags={"team": "search"}),
        # Routed and marked: two levers share the difference.
        _call(organization, known, NOON + timedelta(days=1), "1.25", "3.000000000000000001",
              {"routing": "1.5", "prompt_cache": "0.250000000000000001"}, tokens=1000,
              arm="treatment", total_ms=400.0),
        # A mark that was never read: it cost more than it saved.
        _call(organization, known, NOON + timedelta(days=1), "1.1", "1", {"prompt_cache": "-0.1"},
              tokens=500, arm="treatment", total_ms=400.0, outcome="error"),
        _call(organization, known, NOON, "2", "2", {}, tokens=500, arm="holdout", total_ms=800.0),
        # Comparing answers for routing.
        _call(organization, known | {"kind": "judge"}, NOON, "0.3", "0", {"routing": "-0.3"}),
        _call(organization, known, NOON, None, None, {}, tokens=0),
        _call(organization, known, NOON, "0", "0", {}, tokens=0, outcome="refused"),
        _call(organization, known, NOON - timedelta(days=3), "4", "5", {"routing": "1"}),
        _call(organization, known | {"kind": "import"}, NOON, "77", "99", {}),
    ]  # fmt: skip
    ingest_events(organization=organization, events=calls, at=NOW)


def _call(
    organization: Organization,
    known: dict[str, Any],
    at: datetime,
    actual: str | None,
    untouched: str | None,
    parts: dict[str, str],
    *,
    tokens: int = 100,
    **also: Any,
) -> Any:
    return make_event(
        organization,
        started_at=at,
        actual_usd=None if actual is None else Decimal(actual),
        counterfactual_usd=None if untouched is None else Decimal(untouched),
        decomposition={lever: Decimal(usd) for lever, usd in parts.items()},
        buckets=TokenBuckets(tokens),
        **(known | also),
    )
