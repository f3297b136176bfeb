"""What is recorded of a call: before it goes out (`Begin`), and once it is over (`Event`).

Durations (`_ms`) are floats in milliseconds, amounts (`_usd`) exact Decimals of US dollars, sizes
bytes, instants aware UTC. None is "not known" or "does not apply", never 0.

What every call makes is neither frozen nor slotted, for filling it in and writing it out then take
half the time. It is not changed all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args
from uuid import UUID

from apps.kernel.tokens import TokenBuckets

Kind = Literal["live", "shadow", "judge", "batch", "import"]
Outcome = Literal["success", "error", "cancelled", "truncated", "interrupted", "refused"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Feature = float | int | str


@dataclass
class Attempt:
    """One try at one provider. started_ms: from the event's `started_at`."""

    provider: str
    credential_id: UUID | None = None
    model: str | None = None
    status: int | None = None
    outcome: Outcome = "error"
    buckets: TokenBuckets = field(default_factory=TokenBuckets)
    cost_usd: Decimal | None = None
    started_ms: float = 0.0
    latency_ms: float | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a lever decided, in either arm, and why.

    certificate_id: what allows it to act. namespace: within which it is certified. score: by which
    it was decided, the higher the safer; both None where nothing was there to be scored. entry: the
    key of the kept answer that it was about.
    """

    lever: str
    decision: str
    reason: str = ""
    certificate_id: UUID | None = None
    namespace: str | None = None
    score: float | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Tokens and units at the rate that the price book has for these words, at the event's
    `price_version` and `started_at`.
    """

    provider: str
    model: str
    tier: str
    region: str = ""
    buckets: TokenBuckets = field(default_factory=TokenBuckets)
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A budget of the call's organization has spent `fraction` of its amount.

    (limit_id, window, fraction) is told once. window: `202603`, `20260314` or `total`, in UTC.
    """

    limit_id: UUID
    fraction: Decimal
    window: str
    amount_usd: Decimal
    spent_usd: Decimal


@dataclass
class Begin:
    """What is known of a call before anything goes upstream.

    event_id: UUIDv7; with `started_at` it is the call's identity, also of its `Event`.
    buckets: an estimate. hold_usd: the worst case that the limits hold back for it.
    """

    event_id: UUID
    started_at: datetime
    organization_id: UUID
    project_id: UUID
    endpoint: str
    dialect: str
    kind: Kind = "live"
    api_key_id: UUID | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    provider: str | None = None
    requested_model: str | None = None
    is_stream: bool = False
    request_bytes: int = 0
    buckets: TokenBuckets = field(default_factory=TokenBuckets)
    hold_usd: Decimal | None = None
    snapshot_version: int | None = None
    price_version: int | None = None
    conversation_id: str | None = None
    schema_version: int = 1


@dataclass
class Event:
    """One call, whatever became of it.

    Identity: (event_id, started_at). status: HTTP status that the caller got, None without one.
    buckets: what is billed for the whole call, failed attempts included; `attempts` has the parts.
    units: billed things that are no tokens (images, seconds, characters, search_units, …).
    actual_usd: None when unpriced. counterfactual_usd: what the untouched call would have cost.
    decomposition: lever → saved USD; sums to counterfactual - actual. untouched: what the untouched
    call would have been charged for, where a lever changed it within an experiment; else none.
    features: known before the outcome, for the estimator. content_ref: id of stored content, where
    the project opted in.
    alerts: what budgets had to tell when the call passed, also those that it is not bound by.
    tier, region: what its price was looked up for, in the words of the price book; None where none
    was.
    """

    event_id: UUID
    started_at: datetime
    organization_id: UUID
    project_id: UUID
    endpoint: str
    dialect: str
    provider: str | None = None
    outcome: Outcome = "success"
    kind: Kind = "live"
    api_key_id: UUID | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    credential_id: UUID | None = None
    requested_model: str | None = None
    served_model: str | None = None
    is_stream: bool = False
    status: int | None = None
    error_code: str | None = None
    is_estimated: bool = False
    is_priced: bool = False
    attempts: tuple[Attempt, ...] = ()
    buckets: TokenBuckets = field(default_factory=TokenBuckets)
    units: Mapping[str, int] = field(default_factory=dict)
    price_version: int | None = None
    policy_version: int | None = None
    snapshot_version: int | None = None
    admission_ms: float | None = None
    first_byte_ms: float | None = None
    upstream_ms: float | None = None
    overhead_ms: float | None = None
    total_ms: float | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    conversation_id: str | None = None
    provider_request_id: str | None = None
    client_retry_count: int = 0
    unit: str | None = None
    experiment_id: UUID | None = None
    period_id: UUID | None = None
    arm: str | None = None
    propensity: float | None = None
    is_triggered: bool = False
    decisions: tuple[Decision, ...] = ()
    counterfactual_usd: Decimal | None = None
    actual_usd: Decimal | None = None
    decomposition: Mapping[str, Decimal] = field(default_factory=dict)
    features: Mapping[str, Feature] = field(default_factory=dict)
    content_ref: UUID | None = None
    alerts: tuple[Alert, ...] = ()
    tier: str | None = None
    region: str | None = None
    untouched: tuple[Charge, ...] = ()
    schema_version: int = 1
