"""Keeps the gateway's snapshot like the database: the only part of it that speaks to Postgres.

A thread loads everything, then reloads the organizations that notifications name, and compares all
versions now and then for what a broken connection missed. While Postgres is away the last snapshot
goes on; a process that starts then reads it from disk. Versions come from a sequence of the
database, so that they rise over restarts and processes agree on them without knowing each other.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import django.db
import psycopg
import structlog
from django.db import connection, transaction

from apps.kernel.clock import utc_now
from apps.pricing.models import CHANNEL as PRICES_CHANNEL
from apps.pricing.rates import PriceBook
from apps.proxy.listening import Notices, listening
from apps.proxy.snapshot import Shard, Snapshot
from apps.proxy.snapshot_file import SnapshotFile
from apps.proxy.spending import has_budgets, with_spending
from apps.tenants.models.announcement import CHANNEL
from apps.tenants.selectors import (
    entitlements_changing,
    gateway_versions,
    key_access,
    organization_access,
)
from apps.tenants.services.api_keys import LAST_USED_RESOLUTION, note_uses

logger = structlog.get_logger(__name__)
Source = Literal["none", "disk", "database"]
# The book in force at a time: the one given as long as it still is.
ReadPrices = Callable[[PriceBook, datetime], PriceBook]
AWAY = (psycopg.Error, django.db.Error, OSError)
LOOK_SECONDS = 0.5
FIRST_BACKOFF_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two comparisons of all versions, between two writes of the file, between
    two looks at what budgets have spent, and at most between two attempts to reach Postgres.
    """

    poll: float = 30.0
    write: float = 3.0
    spending: float = 300.0
    backoff: float = 5.0


@dataclass(frozen=True, slots=True)
class LoaderState:
    """For probes. age_s: seconds since what is served was last known to be what Postgres holds.

    source "none": nothing was ever read, so that nobody can be told from anybody: answer 503.
    """

    source: Source
    version: int
    age_s: float
    is_listening: bool


class Loader:
    """`current` is the snapshot to use; read it once for each call, for it is swapped as a whole.

    prices: those of this release. start() before the first call, stop() after the last; both from
    any thread.
    """

    def __init__(
        self,
        file: SnapshotFile,
        *,
        prices: PriceBook,
        read_prices: ReadPrices,
        pace: Pace = Pace(),
    ) -> None:
        self._file, self._read_prices, self._pace = file, read_prices, pace
        self.current = Snapshot.empty(prices=prices, at=utc_now())
        self._source: Source = "none"
        self._confirmed_at = self.current.built_at
        self._is_listening = False
        self._versions: dict[UUID, int] = {}
        self._uses: dict[UUID, datetime] = {}
        self._uses_lock = threading.Lock()
        self._written: Snapshot | None = None
        self._stopping = threading.Event()
        self._has_tried = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gateway-loader", daemon=True)
        self._due = dict.fromkeys(("poll", "write", "uses", "spending"), 0.0)

    @property
    def known(self) -> Snapshot | None:
        """`current`, or None as long as nothing was ever read: answer 503 then, never 401."""
        return None if self._source == "none" else self.current

    @property
    def state(self) -> LoaderState:
        age = (utc_now() - self._confirmed_at).total_seconds()
        return LoaderState(self._source, self.current.version, age, self._is_listening)

    def start(self, *, wait_seconds: float = 10.0) -> None:
        """Begin, and return once Postgres was read or found away; at the latest after the wait."""
        if kept := self._file.read():
            self._adopt(kept)
        self._thread.start()
        self._has_tried.wait(wait_seconds)

    def stop(self) -> None:
        """End the thread, which first writes what is due."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def mark_used(self, key_id: UUID, at: datetime) -> None:
        """Remember that a key was used; the database learns it within a minute, or never."""
        with self._uses_lock:
            self._uses[key_id] = at

    def _adopt(self, kept: Snapshot) -> None:
        """Go on with what another process left on disk."""
        shipped = self.current.prices
        # Before prices are published, a version says nothing of the release they came with.
        is_shipped = kept.prices.version == shipped.version
        self.current = kept.with_prices(shipped) if is_shipped else kept
        self._written = self.current
        self._source, self._confirmed_at = "disk", kept.built_at

    def _run(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            try:
                with listening() as notices:
                    backoff = FIRST_BACKOFF_SECONDS
                    self._follow(notices)
            except AWAY as error:
                logger.warning("gateway_database_away", error=str(error), **self._facts())
            except Exception:
                logger.exception("gateway_loader_failed", **self._facts())
            finally:
                connection.close()
            self._is_listening = False
            self._has_tried.set()
            self._save()
            self._stopping.wait(backoff)
            backoff = min(2 * backoff, self._pace.backoff)
        self._finish()

    def _facts(self) -> dict[str, object]:
        return {"source": self._source, "version": self.current.version}

    def _follow(self, notices: Notices) -> None:
        """Until told to stop. Raises one of AWAY when the database is lost."""
        self._due["poll"] = 0.0
        while not self._stopping.is_set():
            if self._is_due("poll", self._pace.poll):
                self._compare()
                self._is_listening = True
                self._has_tried.set()
            self._take(notices.wait(min(LOOK_SECONDS, self._pace.poll)))
            self._report_uses()
            self._save()

    def _take(self, notices: dict[str, set[str]]) -> None:
        if PRICES_CHANNEL in notices:
            self._take_prices(utc_now())
        if changed := notices.get(CHANNEL):
            self._reload({UUID(name) for name in changed})

    def _compare(self) -> None:
        """Reload what differs from the database; everything, when it was not read yet."""
        at = utc_now()
        if self._source != "database":
            self._reload(None)
        else:
            versions = gateway_versions()
            differing = {each for each in versions if versions[each] != self._versions.get(each)}
            in_time = entitlements_changing(after=self._confirmed_at, until=at)
            if changed := differing | in_time | self._spending():
                self._reload(changed)
        self._take_prices(at)
        self._confirmed_at = at
        connection.close()  # back to the pool

    def _spending(self) -> set[UUID]:
        """Organizations whose budgets are to be told anew what was spent."""
        if not self._is_due("spending", self._pace.spending):
            return set()
        shards = self.current.shards.values()
        return {each.organization.id for each in shards if has_budgets(each.organization)}

    def _reload(self, organization_ids: Collection[UUID] | None) -> None:
        at = utc_now()
        with _one_view():
            versions = gateway_versions(organization_ids)
            read = organization_access(organization_ids, at=at)
            organizations = [with_spending(each, at=at) for each in read]
            keys = key_access(organization_ids, at=at)
        connection.close()
        shards = [Shard(each, keys.get(each.id, {})) for each in organizations]
        looked_at = self.current.shards if organization_ids is None else organization_ids
        self.current = self.current.with_organizations(
            shards,
            removed=set(looked_at) - {each.id for each in organizations},
            version=max(versions.values(), default=0),
            at=at,
        )
        self._versions |= versions
        self._source = "database"

    def _take_prices(self, at: datetime) -> None:
        prices = self._read_prices(self.current.prices, at)
        if prices is not self.current.prices:
            self.current = self.current.with_prices(prices)

    def _report_uses(self) -> None:
        if not self._uses or not self._is_due("uses", LAST_USED_RESOLUTION.total_seconds()):
            return
        with self._uses_lock:
            uses, self._uses = self._uses, {}
        note_uses(uses=uses)
        connection.close()

    def _save(self) -> None:
        if self._written is self.current or self._source != "database":
            return
        if self._is_due("write", self._pace.write):
            self._write()

    def _write(self) -> None:
        snapshot = self.current
        try:
            self._file.write(snapshot)
            self._written = snapshot
        except OSError as error:
            logger.warning("snapshot_file_unwritable", error=str(error))

    def _finish(self) -> None:
        self._due = dict.fromkeys(self._due, 0.0)
        self._save()
        try:
            self._report_uses()
        except AWAY as error:
            logger.warning("key_uses_lost", error=str(error))

    def _is_due(self, what: str, every: float) -> bool:
        """Whether `every` seconds passed since this was last so."""
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + every
        return True


@contextmanager
def _one_view() -> Iterator[None]:
    """All reads of the block see the same moment, so that a version names one state of all rows."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
