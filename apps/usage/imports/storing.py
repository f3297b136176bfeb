"""A chunk into the tables, in the transaction that also says how far the file is read."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from apps.usage import store
from apps.usage.imports.chunks import Call, Chunk
from apps.usage.imports.estimates import fold
from apps.usage.imports.models import Import, LineError
from apps.usage.imports.spend import add_spend
from apps.usage.imports.trials import add_trials

MOST_ERRORS = 10_000
_Key = tuple[str, datetime]


def store_chunk(row: Import, chunk: Chunk, *, at: datetime) -> None:
    """Store what is new, count everything, and move `row` on; the caller saves it."""
    new = _new_calls(row, chunk, at=at)
    add_spend(row, ((call.record, call.cost) for call in new))
    add_trials(row, ((call.record, call.cost, call.saved) for call in new))
    fold(row, (sighting for call in new for sighting in call.sightings))
    _report(row, chunk)
    row.new_count += len(new)
    row.known_count += len(chunk.calls) - len(new)
    row.skipped_count += chunk.skipped
    row.read_bytes, row.read_lines = chunk.place
    _stretch(row, new)


def _new_calls(row: Import, chunk: Chunk, *, at: datetime) -> list[Call]:
    """The calls that were not known, each once; those that cannot be stored become errors."""
    new, refused = _stored(chunk.calls, batch_id=row.pk, at=at)
    for call in refused:
        chunk.errors.setdefault(call.line, "the call holds a value that cannot be stored")
        chunk.calls.remove(call)
    first: dict[_Key, Call] = {}
    for call in chunk.calls:
        if call.row.key in new:
            first.setdefault(call.row.key, call)
    return list(first.values())


def _stored(calls: Sequence[Call], *, batch_id: UUID, at: datetime) -> tuple[set[_Key], list[Call]]:
    """The keys that are new, and the calls that Postgres does not take."""
    if not calls:
        return set(), []
    try:
        with transaction.atomic():
            written = store.write_batch([call.row for call in calls], batch_id=batch_id, at=at)
            return {row.key for row in written}, []
    except (DataError, IntegrityError):
        if len(calls) == 1:
            return set(), list(calls)
    middle = len(calls) // 2
    before = _stored(calls[:middle], batch_id=batch_id, at=at)
    after = _stored(calls[middle:], batch_id=batch_id, at=at)
    return before[0] | after[0], before[1] + after[1]


def _report(row: Import, chunk: Chunk) -> None:
    room = max(MOST_ERRORS - row.error_count, 0)
    LineError.objects.bulk_create(
        LineError(of_import=row, line=line, reason=reason[:200])
        for line, reason in islice(sorted(chunk.errors.items()), room)
    )
    row.error_count += len(chunk.errors)


def _stretch(row: Import, new: Sequence[Call]) -> None:
    times = [call.record.started_at for call in new]
    row.first_at = min([*times, *filter(None, [row.first_at])], default=None)
    row.last_at = max([*times, *filter(None, [row.last_at])], default=None)
