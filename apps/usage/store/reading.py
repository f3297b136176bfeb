"""Reading: the request log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import CharField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Left
from django.db.models.lookups import Exact
from psycopg.errors import QueryCanceled

from apps.kernel.errors import NetraError
from apps.usage.models import Adjustment, UsageEvent
from apps.usage.store.facets import LONGEST_VALUE

# A search that no index serves reads the whole window; past this the window is too wide.
PATIENCE_MS = 5_000
_WAIT = "SET LOCAL statement_timeout = %s"
_REFUSED = "refused"
_IMPORTS, _OVERHEADS = ("import",), ("shadow", "judge")
_SEARCHED = (
    "conversation_id", "end_user", "requested_model", "served_model", "error_code", "tags_text",
)  # fmt: skip


class SearchTooWide(NetraError):
    code = "search_too_wide"
    http_status = 400
    message = (
        "Too many requests would have to be read for this. Narrow it by since and until, or by "
        "project_id."
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; None does not narrow. All that are given must hold.

    since, until: half-open. model: asked for or served. status_class: 4 for 400 to 499. tag: the
    event has it, with tag_value as its value where that is given. Bounds of cost (USD) and latency
    (ms) are inclusive, and leave out events that have none. is_priced: refused calls, which cost
    nothing, are neither. text: the event's id, or part of its conversation, end user, models, error
    code or tags, in any case. lever: one that saved or cost something. is_overhead: made by our
    workers to compare answers.
    """

    project_id: UUID | None = None
    api_key_id: UUID | None = None
    provider: str | None = None
    model: str | None = None
    kind: str | None = None
    outcome: str | None = None
    status: int | None = None
    status_class: int | None = None
    error_code: str | None = None
    conversation_id: str | None = None
    end_user: str | None = None
    tag: str | None = None
    tag_value: str | None = None
    min_usd: Decimal | None = None
    max_usd: Decimal | None = None
    min_ms: float | None = None
    max_ms: float | None = None
    is_priced: bool | None = None
    is_estimated: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    is_imported: bool | None = None
    lever: str | None = None
    arm: str | None = None
    is_overhead: bool | None = None


# Filters that are one comparison: field → the comparison.
_COMPARED = {
    **{
        name: name
        for name in (
            "project_id", "api_key_id", "provider", "kind", "outcome", "status", "error_code",
            "conversation_id", "end_user", "is_estimated", "arm",
        )
    },
    "min_usd": "actual_usd__gte",
    "max_usd": "actual_usd__lte",
    "min_ms": "total_ms__gte",
    "max_ms": "total_ms__lte",
    "since": "started_at__gte",
    "until": "started_at__lt",
}  # fmt: skip


def priced_events() -> QuerySet[UsageEvent]:
    """The events of the current organization with `actual_usd`, `counterfactual_usd` and
    `price_version` as they are after all adjustments.
    """
    changes = Adjustment.objects.filter(event_id=OuterRef("pk"), started_at=OuterRef("started_at"))
    latest = changes.order_by("-journal_id").values("price_version")[:1]
    now: dict[str, Coalesce] = {
        "actual_usd": _adjusted("actual_usd", changes),
        "counterfactual_usd": _adjusted("counterfactual_usd", changes),
        "price_version": Coalesce(Subquery(latest), F("first_price_version")),
    }
    return UsageEvent.objects.annotate(**now)


def _adjusted(name: str, changes: QuerySet[Adjustment]) -> Coalesce:
    """The amount after all changes; what was unpriced is worth its changes alone."""
    sums = changes.order_by().values("event_id").annotate(total=Sum(name)).values("total")
    return Coalesce(
        F(f"first_{name}") + Coalesce(Subquery(sums), Value(Decimal(0))), Subquery(sums)
    )


def find_events(wanted: EventFilter) -> QuerySet[UsageEvent]:
    """The events of the current organization that are wanted, newest first."""
    given = {lookup: getattr(wanted, name) for name, lookup in _COMPARED.items()}
    rows = priced_events().filter(
        *_conditions(wanted), **{name: value for name, value in given.items() if value is not None}
    )
    if wanted.text is not None:
        rows = _searched(rows, wanted.text)
    return rows.order_by("-started_at", "-id")


def events_after(
    wanted: EventFilter, position: tuple[datetime, UUID] | None
) -> QuerySet[UsageEvent]:
    """The wanted events past `position`, (started_at, id), oldest first; None: from the first."""
    rows = find_events(wanted)
    if position:
        at, last_id = position
        # The first condition follows from the second, and is one that an index can begin at.
        rows = rows.filter(started_at__gte=at)
        rows = rows.filter(Q(started_at__gt=at) | Q(id__gt=last_id))
    return rows.order_by("started_at", "id")


@contextmanager
def bounded() -> Iterator[None]:
    """What is read inside ends within PATIENCE_MS. Raises SearchTooWide."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            (before,) = cursor.fetchone()
            cursor.execute(_WAIT, [PATIENCE_MS])
            yield
            cursor.execute(_WAIT, [before])
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise SearchTooWide from error
        raise


def _conditions(wanted: EventFilter) -> Iterator[Q]:
    if wanted.model is not None:
        yield Q(served_model=wanted.model) | Q(requested_model=wanted.model)
    if wanted.status_class is not None:
        hundred = wanted.status_class * 100
        yield Q(status__gte=hundred, status__lt=hundred + 100)
    if wanted.is_priced is not None:
        yield Q(actual_usd__isnull=not wanted.is_priced) & ~Q(outcome=_REFUSED)
        if not wanted.is_priced:  # which follows, and is what an index has
            yield Q(first_actual_usd=None)
    if wanted.end_user is not None:  # follows from the comparison, and is what an index has
        yield Q(Exact(Left("end_user", LONGEST_VALUE), wanted.end_user[:LONGEST_VALUE]))
    yield from _origins(wanted)
    if wanted.lever is not None:
        yield Q(decomposition__has_key=wanted.lever)
    if wanted.tag is not None:
        yield _tagged(wanted.tag, wanted.tag_value)


def _origins(wanted: EventFilter) -> Iterator[Q]:
    for kinds, is_one in ((_IMPORTS, wanted.is_imported), (_OVERHEADS, wanted.is_overhead)):
        if is_one is not None:
            yield Q(kind__in=kinds) if is_one else ~Q(kind__in=kinds)


def _tagged(tag: str, value: str | None) -> Q:
    return Q(tags__has_key=tag) if value is None else Q(tags__contains={tag: value})


def _searched(rows: QuerySet[UsageEvent], text: str) -> QuerySet[UsageEvent]:
    condition: Any = Q()
    for name in _SEARCHED:
        condition |= Q(**{f"{name}__icontains": text})
    if event_id := _uuid(text):
        condition |= Q(id=event_id)
    return rows.alias(tags_text=Cast("tags", CharField())).filter(condition)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
