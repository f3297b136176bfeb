"""Events into the store of their organization, each exactly once."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db import DataError, IntegrityError, connection, transaction

from apps.kernel.events import Event, UnreadableEvent, encode
from apps.kernel.ids import uuid7
from apps.notices.services.budgets import announce_budget
from apps.tenants.context import current_tenant, tenant_scope
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.models import Refusal
from apps.usage.services.posting import post_new_events
from apps.usage.services.retention import retention
from apps.usage.store import Row

# A clock may be ahead a little; an event of next year would get a month that nobody looks at.
AHEAD = timedelta(days=1)
TOO_OLD, IN_THE_FUTURE = "too old", "in the future"


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """inserted: new. duplicate: known before. refused: too old, or in the future; reported in
    Refusal. unreadable: what came back as it was, because it is no event.
    """

    inserted: int = 0
    duplicate: int = 0
    refused: int = 0
    unreadable: tuple[bytes, ...] = ()

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.inserted + other.inserted,
            self.duplicate + other.duplicate,
            self.refused + other.refused,
            self.unreadable + other.unreadable,
        )


def ingest_events(
    *, organization: Organization, events: Iterable[Event], at: datetime
) -> IngestOutcome:
    """Store events of `organization`; see `ingest_encoded`."""
    return ingest_encoded(
        organization=organization, encoded=[encode(event) for event in events], at=at
    )


def ingest_encoded(
    *, organization: Organization, encoded: Sequence[bytes], at: datetime
) -> IngestOutcome:
    """Store encoded events of `organization` in one transaction, or none of them.

    Events that started before the retention are refused, since it cannot be known whether they
    were stored once and dropped. Twice is the same as once. Raises OperationalError.
    """
    if not encoded:
        return IngestOutcome()
    rows, unreadable = _read(encoded)
    with tenant_scope(organization):
        # Known events come after a kill, a month begins once: nearly always all is new.
        for all_new in (True, False):
            try:
                return _store(rows, unreadable, all_new=all_new, at=at)
            except IntegrityError:
                continue
            except DataError:
                break
    if len(encoded) == 1:
        return IngestOutcome(unreadable=tuple(encoded))
    middle = len(encoded) // 2  # somewhere is a value that Postgres does not take
    return ingest_encoded(
        organization=organization, encoded=encoded[:middle], at=at
    ) + ingest_encoded(organization=organization, encoded=encoded[middle:], at=at)


@transaction.atomic
def _store(
    rows: Sequence[Row], unreadable: tuple[bytes, ...], *, all_new: bool, at: datetime
) -> IngestOutcome:
    oldest, latest = at - retention(), at + AHEAD
    accepted = [row for row in rows if oldest <= row.started_at <= latest]
    new = _store_accepted(accepted, all_new=all_new, at=at) if accepted else []
    refused = _refuse([row for row in rows if row.started_at < oldest], TOO_OLD, at=at)
    refused += _refuse([row for row in rows if row.started_at > latest], IN_THE_FUTURE, at=at)
    return IngestOutcome(len(new), len(accepted) - len(new), refused, unreadable)


def _store_accepted(rows: Sequence[Row], *, all_new: bool, at: datetime) -> list[Row]:
    """What must follow from each event exactly once goes here, after `write_batch`."""
    batch_id = uuid7()
    new = store.write_batch(rows, batch_id=batch_id, at=at, all_new=all_new)
    if new:
        events = [row.counted for row in new]
        with _unhurried():
            store.add_to_rollups(events)
            store.add_to_facets(events)
            post_new_events(events, organization_id=current_tenant().pk, batch_id=batch_id, at=at)
        _announce(new, at=at)
    return new


@contextmanager
def _unhurried() -> Iterator[None]:
    """Statements within do not wait for each other's answers; the end of the block does for all.

    On a busy machine each answer costs a change of processes, which is more than a small batch.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def _announce(rows: Sequence[Row], *, at: datetime) -> None:
    for row in rows:
        for alert in row.alerts:
            announce_budget(organization=current_tenant(), alert=alert, at=at)


def _refuse(rows: Sequence[Row], reason: str, *, at: datetime) -> int:
    if not rows:
        return 0
    Refusal.objects.bulk_create(
        (
            Refusal(event_id=event_id, started_at=started_at, reason=reason, refused_at=at)
            for event_id, started_at in (row.key for row in rows)
        ),
        ignore_conflicts=True,
    )
    return len(rows)


def _read(encoded: Sequence[bytes]) -> tuple[list[Row], tuple[bytes, ...]]:
    rows, unreadable = [], []
    for each in encoded:
        try:
            rows.append(store.read_row(each))
        except UnreadableEvent:
            unreadable.append(each)
    return rows, tuple(unreadable)
