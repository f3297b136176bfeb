"""A batch of records into the schemas of their organizations."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from uuid import UUID

import structlog
from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InvalidSchemaName, UndefinedTable

from apps.kernel.events import UnreadableEvent, decode_begin, encode, interrupted
from apps.tenants.models import Organization
from apps.usage.inlets import inlet_of
from apps.usage.services.contents import store_contents
from apps.usage.services.ingestion import IngestOutcome, ingest_encoded
from apps.usage.shipping.quarantine import quarantine
from apps.usage.spool import Kind, Record

log = structlog.get_logger(__name__)

# Events that are turned into rows at a time: what bounds the memory, and long enough to be quick.
PART = 2000
_of_organization = attrgetter("organization_id")
# What Postgres says of an organization that was deleted a moment ago.
_GONE = (UndefinedTable, InvalidSchemaName)


@contextmanager
def flushed_once() -> Iterator[None]:
    """Commits within return before they are on disk; those of the whole block are at its end.

    A flush costs as much as storing a hundred events, and a batch has many organizations. The
    log of Postgres is written in order, so the one commit that waits for the disk stands for all
    before it. Whoever deletes what was stored does so after the block.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    yield
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
        # Without something of its own in the log this commit would not wait.
        cursor.execute("SELECT pg_logical_emit_message(true, 'netra', 'stored')")


def _parts(records: Iterator[Record]) -> Iterator[list[Record]]:
    while part := list(islice(records, PART)):
        yield part


@dataclass(slots=True)
class Storing:
    """Stores records; those that nobody can take go to the quarantine of the spool."""

    spool: Path
    quarantined_count: int = 0
    _known: dict[UUID, Organization] = field(default_factory=dict)

    def store(self, records: Sequence[Record], *, at: datetime) -> IngestOutcome:
        """Store every record, each organization in a transaction of its own.

        After an error some are stored; to call it again with the same records is right then.
        Raises DatabaseError and InterfaceError when Postgres is away or a schema is not migrated
        yet, OSError for a full disk.
        """
        self._learn({UUID(bytes=record.organization_id) for record in records})
        ordered = sorted(records, key=_of_organization)
        total = IngestOutcome()
        with flushed_once():
            for organization_id, theirs in groupby(ordered, key=_of_organization):
                for part in _parts(theirs):
                    total += self._store_of(UUID(bytes=organization_id), part, at=at)
        return total

    def _store_of(
        self, organization_id: UUID, records: list[Record], *, at: datetime
    ) -> IngestOutcome:
        organization = self._known.get(organization_id)
        if organization is None:
            self._put_aside(str(organization_id), records, "organization_unknown")
            return IngestOutcome()
        try:
            return self._ingest(organization, records, at=at)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, _GONE):
                raise  # its schema is older than this code, and is being migrated
            del self._known[organization_id]
            self._put_aside(str(organization_id), records, "organization_without_tables")
            return IngestOutcome()

    def _ingest(
        self, organization: Organization, records: list[Record], *, at: datetime
    ) -> IngestOutcome:
        encoded, unreadable = _encoded(records)
        outcome = ingest_encoded(organization=organization, encoded=list(encoded), at=at)
        contents = [record for record in records if record.kind is Kind.CONTENT]
        if contents:
            store_contents(organization=organization, contents=_sealed(contents), at=at)
        unreadable += [encoded[each] for each in outcome.unreadable]
        unreadable += _unread(organization, records, at=at)
        if unreadable:
            self._put_aside(str(organization.pk), unreadable, "events_unreadable")
        return outcome

    def _learn(self, organization_ids: set[UUID]) -> None:
        strange = organization_ids - self._known.keys()
        if strange:
            self._known |= Organization.objects.in_bulk(list(strange))

    def _put_aside(self, name: str, records: Sequence[Record], reason: str) -> None:
        path = quarantine(self.spool, name, records)
        self.quarantined_count += len(records)
        log.error(reason, organization_id=name, count=len(records), path=str(path))


def _encoded(records: Iterable[Record]) -> tuple[dict[bytes, Record], list[Record]]:
    """Encoded events with the records they come from, and records that are none."""
    encoded: dict[bytes, Record] = {}
    unreadable = []
    for record in records:
        try:
            if record.kind is Kind.END:
                encoded[record.payload] = record
            elif record.kind is Kind.INTERRUPTED:
                encoded[encode(interrupted(decode_begin(record.payload)))] = record
        except UnreadableEvent:
            unreadable.append(record)
    return encoded, unreadable


def _unread(organization: Organization, records: Iterable[Record], *, at: datetime) -> list[Record]:
    """Hand over what was deferred; returns what nobody took."""
    deferred = [record for record in records if record.kind is Kind.DEFERRED]
    inlet = inlet_of(Kind.DEFERRED) if deferred else None
    if inlet is None:
        return deferred
    refused = inlet(organization=organization, payloads=list(_sealed(deferred)), at=at)
    return [record for record in deferred if UUID(bytes=record.event_id) in refused]


def _sealed(contents: Iterable[Record]) -> Iterator[tuple[UUID, bytes]]:
    for record in contents:
        yield UUID(bytes=record.event_id), record.payload
