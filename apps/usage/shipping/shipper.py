"""One process that follows every writer of a spool."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal

import structlog
from django.db import DatabaseError, InterfaceError, connection

from apps.kernel.clock import utc_now
from apps.usage.garbage import uncollected
from apps.usage.services.ingestion import IngestOutcome
from apps.usage.shipping.storing import Storing
from apps.usage.spool import Follower, Record
from apps.usage.spool.files import read_json, replace_json
from apps.usage.spool.folders import WriterFolder, writer_folders
from apps.usage.spool.status import ShipperStatus, write_status

log = structlog.get_logger(__name__)

OFFSETS = "offsets.json"
LOCK = "shipper.lock"
BATCH_BYTES = 32 * 2**20
IDLE_SECONDS = 0.2
STATUS_EVERY = timedelta(seconds=1)
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0


class Shipper:
    """Stores what the writers of `spool` recorded, and deletes what is stored.

    stop: set it to end after the batch at hand. Memory: one batch, and the calls in flight.
    """

    def __init__(
        self, spool: Path, *, stop: Signal, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._spool = spool
        self._stop = stop
        self._clock = clock
        self._storing = Storing(spool)
        self._followers: dict[Path, Follower] = {}
        self._stored = read_json(spool / OFFSETS)
        self._behind_since: datetime | None = None
        self._said_at: datetime | None = None
        self.status = ShipperStatus(at=clock().isoformat())

    def run(self) -> None:
        """Ship until asked to stop."""
        while not self._stop.is_set():
            if not self.ship_once():
                self._stop.wait(IDLE_SECONDS)
        self._say(error=None)

    def ship_once(self) -> int:
        """One batch of each writer; returns how many records that were."""
        started_at = self._clock()
        taken = sum(self._ship_readable(folder) for folder in writer_folders(self._spool))
        is_behind = any(follower.waiting_bytes for follower in self._followers.values())
        self._behind_since = (self._behind_since or started_at) if is_behind else None
        if taken:
            self._keep_offsets()
        if not self._said_at or self._clock() - self._said_at >= STATUS_EVERY:
            self._say(error=None)
        return taken

    def _ship_readable(self, folder: WriterFolder) -> int:
        try:
            return self._ship_of(folder)
        except OSError:  # a damaged disk; the other writers must not wait for it
            log.exception("spool_unreadable", path=str(folder.path))
            self._abandon(folder)
            return 0

    def _ship_of(self, folder: WriterFolder) -> int:
        follower = self._follower(folder)
        with uncollected():
            records = follower.read(BATCH_BYTES)
        if records and not self._stored_patiently(records):
            self._abandon(folder)
            return 0
        if records or follower.is_finished:
            follower.settle()
        if follower.is_finished:
            self._forget(follower)
        return len(records)

    def _follower(self, folder: WriterFolder) -> Follower:
        if folder.path not in self._followers:
            number, offset = self._stored.get(folder.path.name, (0, 0))
            self._followers[folder.path] = Follower(folder, (number, offset))
        return self._followers[folder.path]

    def _abandon(self, folder: WriterFolder) -> None:
        """Its records were not all stored: whoever comes next begins again where they were."""
        self._followers.pop(folder.path).close()

    def _forget(self, follower: Follower) -> None:
        path = follower.folder.path
        damaged_bytes = self.status.damaged_bytes + follower.damaged_bytes
        self.status = replace(self.status, damaged_bytes=damaged_bytes)
        del self._followers[path]
        self._stored.pop(path.name, None)

    def _stored_patiently(self, records: Sequence[Record]) -> bool:
        """Store them however long Postgres or the disk is away; False when asked to stop first."""
        wait_seconds = FIRST_WAIT_SECONDS
        while not self._stop.is_set():
            try:
                with uncollected():
                    self._count(self._storing.store(records, at=self._clock()))
            except (DatabaseError, InterfaceError, OSError) as error:
                self._wait(error, wait_seconds)
                wait_seconds = min(wait_seconds * 2, LONGEST_WAIT_SECONDS)
            else:
                return True
        return False

    def _count(self, outcome: IngestOutcome) -> None:
        counted = self.status.counting(
            inserted=outcome.inserted, duplicate=outcome.duplicate, refused=outcome.refused
        )
        self.status = replace(counted, quarantined=self._storing.quarantined_count)

    def _wait(self, error: Exception, seconds: float) -> None:
        log.warning("shipping_waits", error=type(error).__name__, seconds=seconds)
        connection.close()  # a broken one would fail again
        self._behind_since = self._behind_since or self._clock()
        self._say(error=type(error).__name__)
        self._stop.wait(seconds)

    def _keep_offsets(self) -> None:
        followers = self._followers.values()
        self._stored = {follower.folder.path.name: follower.stored for follower in followers}
        with suppress(OSError):  # without them more is read twice, and nothing is stored twice
            replace_json(self._spool / OFFSETS, self._stored)

    def _say(self, *, error: str | None) -> None:
        self._said_at = self._clock()
        behind = self._said_at - (self._behind_since or self._said_at)
        self.status = replace(
            self.status,
            at=self._said_at.isoformat(),
            lag_seconds=behind.total_seconds(),
            lag_bytes=sum(follower.waiting_bytes for follower in self._followers.values()),
            error=error,
        )
        with suppress(OSError):  # a full disk is no reason to stop emptying it
            write_status(self._spool, self.status)


@contextmanager
def only_shipper(spool: Path, *, stop: Signal) -> Iterator[bool]:
    """Wait to be the only shipper of `spool`, and stay it for the block; False when stopped."""
    spool.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(spool / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not (is_mine := _locked(descriptor)) and not stop.wait(IDLE_SECONDS):
            pass
        yield is_mine
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
