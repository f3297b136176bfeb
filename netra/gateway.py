"""What a gateway process is made of."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.rates import PriceBook
from apps.proxy.limits.limiter import Limiter
from apps.proxy.runtime import Runtime, Settings
from apps.proxy.snapshot import Shard, Snapshot
from apps.proxy.transport import Transport
from apps.tenants.selectors import key_access, organization_access
from apps.usage.spool import SpoolWriter

_POLL_SECONDS = 1.0


class _Poller:
    """Reads everything once a second."""

    def __init__(self) -> None:
        self.current: Snapshot | None = None
        self._book = PriceBook.from_catalogue(shipped_catalogue())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            at = datetime.now(UTC)
            keys = key_access(at=at)
            shards = [Shard(each, keys.get(each.id, {})) for each in organization_access(at=at)]
            version = self.current.version + 1 if self.current else 1
            empty = Snapshot.empty(prices=self._book, at=at)
            self.current = empty.with_organizations(shards, version=version, at=at)
            close_old_connections()
            if self._stop.wait(_POLL_SECONDS):
                return


@asynccontextmanager
async def open_runtime() -> AsyncIterator[Runtime]:
    """The parts of one gateway process, from its start to its end."""
    poller = _Poller()
    poller.start()
    limiter = Limiter(settings.REDIS_URL)
    await limiter.start()
    spool = SpoolWriter(Path(settings.SPOOL_DIR), "gateway")
    syncing = asyncio.create_task(_sync_forever(spool))
    transport = Transport()
    try:
        yield Runtime(
            settings=Settings(peppers=tuple(settings.API_KEY_PEPPERS.keys.values())),
            snapshot=lambda: poller.current,
            is_in_touch=lambda: True,
            mark_used=lambda _key, _at: None,
            limiter=limiter,
            spool=spool,
            transport=transport,
        )
    finally:
        syncing.cancel()
        with suppress(asyncio.CancelledError):
            await syncing
        await transport.close()
        await limiter.close()
        spool.close()
        await asyncio.to_thread(poller.stop)


async def _sync_forever(spool: SpoolWriter) -> None:
    while True:
        await asyncio.sleep(1.0)
        await asyncio.to_thread(spool.sync)
