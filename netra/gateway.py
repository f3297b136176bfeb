"""What a gateway process is made of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings

from apps.optimization.answers.spaces import ANSWERS
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.rates import PriceBook
from apps.pricing.selectors import edition_in_force, price_book
from apps.proxy.answer_store import SharedAnswers
from apps.proxy.cache import Cache
from apps.proxy.comparisons import SharedComparisons
from apps.proxy.limits.limiter import Limiter
from apps.proxy.loader import Loader
from apps.proxy.runtime import Runtime, Settings
from apps.proxy.similar import Similar, loading
from apps.proxy.snapshot_file import SnapshotFile
from apps.proxy.transport import Transport
from apps.tenants.passes import pass_key
from apps.usage.spool import SpoolWriter
from netra.memory import settle_memory

_SYNC_SECONDS = 1.0


@asynccontextmanager
async def open_runtime() -> AsyncIterator[Runtime]:
    """The parts of one gateway process, from its start to its end."""
    loader = Loader(
        SnapshotFile(settings.SNAPSHOT_DIR, settings.KEY_ENCRYPTION_KEYS.keys),
        prices=PriceBook.from_catalogue(shipped_catalogue()),
        read_prices=_prices_in_force,
    )
    await asyncio.to_thread(loader.start)
    settle_memory()
    try:
        async with (
            _limiter() as limiter,
            _spool() as spool,
            _transport() as transport,
            _cache() as cache,
            _answers(cache) as answers,
            _similar(cache) as similar,
            _comparisons() as comparisons,
        ):
            yield Runtime(
                settings=_settings(),
                snapshot=lambda: loader.known,
                is_in_touch=lambda: loader.state.is_listening,
                mark_used=loader.mark_used,
                limiter=limiter,
                spool=spool,
                transport=transport,
                answers=answers,
                similar=similar,
                comparisons=comparisons,
            )
    finally:
        await asyncio.to_thread(loader.stop)


def _settings() -> Settings:
    return Settings(
        peppers=tuple(settings.API_KEY_PEPPERS.keys.values()),
        portal_url=settings.PORTAL_URL.rstrip("/"),
        pass_keys=tuple(map(pass_key, settings.KEY_ENCRYPTION_KEYS.keys.values())),
    )


def _prices_in_force(known: PriceBook, at: datetime) -> PriceBook:
    edition = edition_in_force(at)
    is_known = edition is None or edition.version == known.version
    return known if is_known else price_book(at)


@asynccontextmanager
async def _limiter() -> AsyncIterator[Limiter]:
    limiter = Limiter(
        settings.REDIS_URL, processes=settings.GATEWAY_WORKERS, prefix=settings.REDIS_KEY_PREFIX
    )
    await limiter.start()
    try:
        yield limiter
    finally:
        await limiter.close()


@asynccontextmanager
async def _spool() -> AsyncIterator[SpoolWriter]:
    spool = SpoolWriter(Path(settings.SPOOL_DIR), "gateway")
    syncing = asyncio.create_task(_sync_forever(spool))
    try:
        yield spool
    finally:
        syncing.cancel()
        with suppress(asyncio.CancelledError):
            await syncing
        await asyncio.to_thread(spool.close)


async def _sync_forever(spool: SpoolWriter) -> None:
    while True:
        await asyncio.sleep(_SYNC_SECONDS)
        await asyncio.to_thread(spool.sync)


@asynccontextmanager
async def _cache() -> AsyncIterator[Cache]:
    cache = Cache(settings.CACHE_URL, prefix=f"{settings.REDIS_KEY_PREFIX}:{ANSWERS}")
    try:
        yield cache
    finally:
        await cache.close()


@asynccontextmanager
async def _answers(cache: Cache) -> AsyncIterator[SharedAnswers]:
    answers = SharedAnswers(cache)
    try:
        yield answers
    finally:
        await answers.close()


@asynccontextmanager
async def _similar(cache: Cache) -> AsyncIterator[Similar]:
    load = loading(cache, settings.INDEX_DIR, most_bytes=settings.INDEX_MAX_BYTES)
    similar = Similar(load)
    try:
        yield similar
    finally:
        await similar.close()


@asynccontextmanager
async def _comparisons() -> AsyncIterator[SharedComparisons]:
    comparisons = SharedComparisons(settings.CACHE_URL, prefix=settings.REDIS_KEY_PREFIX)
    try:
        yield comparisons
    finally:
        await comparisons.close()


@asynccontextmanager
async def _transport() -> AsyncIterator[Transport]:
    transport = Transport()
    try:
        yield transport
    finally:
        await transport.close()
