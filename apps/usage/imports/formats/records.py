"""One call as an export tells it, before it is priced and stored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.kernel.events import Outcome
from apps.kernel.tokens import TokenBuckets
from apps.usage.imports.formats.values import Json

MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Record:
    """A call, or with `is_total` the sum of `calls` of them.

    identity: what the source calls it, the same in every export; "" where it has no name. request:
    its content, to be hashed and forgotten. tier: as the price book has it. reported_usd: what the
    source says that it cost. is_stream: None where the source does not say.
    """

    identity: str
    started_at: datetime
    provider: str
    model: str | None
    buckets: TokenBuckets
    served_model: str | None = None
    endpoint: str = "chat.completions"
    tier: str = "standard"
    calls: int = 1
    is_total: bool = False
    key: str | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    conversation_id: str | None = None
    is_stream: bool | None = None
    status: int | None = None
    outcome: Outcome = "success"
    total_ms: float | None = None
    first_byte_ms: float | None = None
    reported_usd: Decimal | None = None
    units: Mapping[str, int] = field(default_factory=dict)
    request: Json = field(default_factory=dict)


def alone(raw: Json) -> Iterable[Json]:
    """Most formats have one call in one record."""
    return (raw,)


@dataclass(frozen=True, slots=True)
class Format:
    """How one source writes calls.

    recognises: whether a record is of this format. split: the calls of one record. read: one call;
    None for something that is none (a span of something else, an empty bucket). Raises Broken.
    """

    name: str
    label: str
    recognises: Callable[[Json], bool]
    read: Callable[[Json], Record | None]
    split: Callable[[Json], Iterable[Json]] = alone


def outcome_of(status: int | None, error: Any = None) -> Outcome:
    """What a status, or an error that the source wrote down, says became of a call."""
    if error or (status is not None and status >= 400):
        return "error"
    return "success"
