"""The gateway for tests: a real server in a thread, with what it knows given as plain values."""

import hmac
import logging
import tempfile
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from django.conf import settings

from apps.kernel.events import Event, decode
from apps.kernel.ids import uuid7
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.rates import PriceBook
from apps.proxy.answer_store import SharedAnswers
from apps.proxy.app import Gateway
from apps.proxy.cache import Cache
from apps.proxy.comparisons import SharedComparisons
from apps.proxy.connection import Connection
from apps.proxy.limits.limiter import Limiter
from apps.proxy.runtime import Runtime, Settings
from apps.proxy.similar import Similar, loading
from apps.proxy.snapshot import Shard, Snapshot
from apps.proxy.sockets import SocketConnection
from apps.proxy.transport import Timeouts, Transport
from apps.tenants.access import (
    CredentialAccess,
    KeyAccess,
    Limit,
    OrganizationAccess,
    ProjectAccess,
    Route,
)
from apps.tenants.key_format import new_key
from apps.tenants.passes import pass_key
from apps.usage.spool import Follower, Kind, Record, SpoolWriter
from apps.usage.spool.folders import writer_folders
from tests.launch.projects import eventually

PEPPER = b"p" * 32
PASS_KEY = pass_key(b"k" * 32)
PROVIDERS = (
    "openai", "anthropic", "google", "cohere", "azure_openai", "mistral", "groq", "deepseek",
    "together", "openrouter", "vllm", "ollama",
)  # fmt: skip
SCOPES = frozenset({"gateway.call"})
QUICK = Timeouts(connect=2.0, first_byte=2.0, idle=2.0, total=10.0)


@dataclass(frozen=True)
class Tenant:
    """One organization with one project and one key, all of whose providers are one simulator."""

    organization: OrganizationAccess
    access: KeyAccess
    key: str

    @property
    def project_id(self) -> UUID:
        return self.access.project_id

    def shard(self) -> Shard:
        digest = hmac.digest(PEPPER, self.key.encode(), "sha256")
        return Shard(self.organization, {digest: self.access})

    def having(self, **changes: Any) -> "Tenant":
        """The same tenant with other routes, limits or credentials."""
        return replace(self, organization=replace(self.organization, **changes))


def tenant(
    number: int,
    upstream: str,
    *,
    keys_of: str = "sim-key",
    providers: Iterable[str] = PROVIDERS,
    routes: tuple[Route, ...] = (),
    limits: tuple[Limit, ...] = (),
) -> Tenant:
    """Tenant `number`; equal numbers have equal ids, and a fresh key each."""
    organization_id, project_id = UUID(int=number), UUID(int=number << 16)
    credentials = [
        credential(organization_id, index, provider, upstream, f"{keys_of}-{number}")
        for index, provider in enumerate(providers)
    ]
    organization = OrganizationAccess(
        id=organization_id,
        slug=f"tenant-{number}",
        schema_name=f"tenant_{number}",
        projects={project_id: ProjectAccess(project_id, "Project")},
        credentials={each.id: each for each in credentials},
        routes=routes,
        limits=limits,
    )
    access = KeyAccess(UUID(int=number << 32), organization_id, project_id, "Key", True, SCOPES)
    return Tenant(organization, access, new_key(is_test=True).value)


def credential(
    organization_id: UUID, index: int, provider: str, upstream: str, secret: str
) -> CredentialAccess:
    """The `index`-th credential of an organization, of an upstream on this machine."""
    return CredentialAccess(
        id=UUID(int=(organization_id.int << 64) + index),
        organization_id=organization_id,
        provider=provider,
        name=f"{provider} {index}",
        secret=secret,
        base_url=upstream,
        is_platform=True,
        may_reach_private=True,
    )


@dataclass
class RunningGateway:
    """A gateway that answers at `url` (no slash at the end). `tenants` may be replaced any time.

    prefix: of what it keeps in CACHE_URL.
    """

    url: str
    tenants: Sequence[Tenant]
    spool: SpoolWriter
    runtime: Runtime
    prefix: str
    _follower: Follower
    _events: list[Event] = field(default_factory=list)
    _records: list[Record] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The key of the first tenant."""
        return self.tenants[0].key

    @property
    def event_count(self) -> int:
        """How many calls have ended."""
        return len(self._ended(0))

    def events(self, count: int = 1) -> list[Event]:
        """The events of calls that ended, once there are at least `count`, oldest first."""
        return eventually(lambda: self._ended(count), seconds=10)

    def forget_events(self) -> None:
        """Of the calls so far; `events` then begins with the next one."""
        self._ended(0)
        self._events = []

    def contents(self) -> list[bytes]:
        """The sealed contents spooled before the events that were read so far."""
        return [each.payload for each in self._records if each.kind is Kind.CONTENT]

    def deferred(self) -> list[Record]:
        """What was put off so far, to be answered later."""
        self._ended(0)
        return [each for each in self._records if each.kind is Kind.DEFERRED]

    def spool_files(self) -> list[Path]:
        """Everything that was written down of calls so far."""
        return [path for path in self._follower.folder.path.rglob("*") if path.is_file()]

    def _ended(self, count: int) -> list[Event]:
        records = self._follower.read(1 << 30)
        self._events += [decode(each.payload) for each in records if each.kind is Kind.END]
        self._records += records
        return self._events if len(self._events) >= count else []


@contextmanager
def running_gateway(
    *tenants: Tenant,
    settings: Settings | None = None,
    redis_url: str | None = None,
    answers_url: str | None = None,
    prefix: str | None = None,
) -> Iterator[RunningGateway]:
    """A gateway of its own on a free port; those of one prefix are one installation."""
    with tempfile.TemporaryDirectory(prefix="spool-") as folder:
        chosen, urls = settings or quick_settings(), (redis_url, answers_url)
        serving = _Serving(Path(folder), tenants, chosen, urls, prefix or f"test-{uuid7()}")
        with serving.running() as gateway:
            yield gateway


def quick_settings(**changes: Any) -> Settings:
    """Settings with timeouts for tests."""
    quick = Settings(peppers=(PEPPER,), timeouts=QUICK, lever_seconds=5.0, pass_keys=(PASS_KEY,))
    return replace(quick, **changes)


class _Serving:
    """uvicorn in a thread, and the parts of the gateway that it serves."""

    def __init__(
        self,
        folder: Path,
        tenants: Sequence[Tenant],
        chosen: Settings,
        urls: tuple[str | None, str | None],
        prefix: str,
    ) -> None:
        self._folder, self._settings, self._prefix, self._tenants = folder, chosen, prefix, tenants
        self._redis_url = urls[0] or settings.REDIS_URL
        self._answers_url = urls[1] or settings.CACHE_URL
        self._gateway: RunningGateway | None = None
        self._known: Snapshot | None = None
        config = uvicorn.Config(
            Gateway(self._open),
            host="127.0.0.1", port=0, loop="uvloop", http=Connection, ws=SocketConnection,
            lifespan="on", log_level="error", access_log=False, timeout_graceful_shutdown=2,
        )  # fmt: skip
        logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
        self._server = uvicorn.Server(config)

    @contextmanager
    def running(self) -> Iterator[RunningGateway]:
        thread = threading.Thread(target=self._server.run, daemon=True)
        thread.start()
        try:
            eventually(lambda: self._server.started, seconds=10)
            gateway = self._gateway
            assert gateway
            port = self._server.servers[0].sockets[0].getsockname()[1]
            gateway.url = f"http://127.0.0.1:{port}"
            yield gateway
        finally:
            self._server.should_exit = True
            thread.join(timeout=10)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Runtime]:
        prefix = self._prefix
        limiter = Limiter(self._redis_url, prefix=f"test-{uuid7()}")
        await limiter.start()
        spool = SpoolWriter(self._folder, "gateway")
        # Nothing here is about time; a busy machine must not make a miss of a hit.
        cache = Cache(self._answers_url, prefix=prefix, patience_s=5.0)
        answers = SharedAnswers(cache)
        similar = Similar(loading(cache, self._folder / "index", most_bytes=1 << 26, fresh_s=0))
        comparisons = SharedComparisons(settings.CACHE_URL, prefix=prefix)
        runtime = Runtime(
            settings=self._settings,
            snapshot=self._snapshot,
            is_in_touch=lambda: True,
            mark_used=lambda _key, _at: None,
            limiter=limiter,
            spool=spool,
            transport=(transport := Transport()),
            answers=answers,
            similar=similar,
            comparisons=comparisons,
        )
        [folder] = writer_folders(self._folder)
        self._gateway = RunningGateway("", self._tenants, spool, runtime, prefix, Follower(folder))
        yield runtime
        for each in (transport, similar, answers, cache, comparisons, limiter):
            await each.close()
        spool.close()

    def _snapshot(self) -> Snapshot:
        tenants = self._gateway.tenants if self._gateway else self._tenants
        if self._known is None or tenants is not self._tenants:
            self._tenants, self._known = tenants, snapshot_of(tenants)
        return self._known


def snapshot_of(tenants: Sequence[Tenant]) -> Snapshot:
    """What the gateway knows when these are all tenants."""
    at = datetime.now(UTC)
    empty = Snapshot.empty(prices=price_book(), at=at)
    return empty.with_organizations([each.shard() for each in tenants], version=1, at=at)


@cache
def price_book() -> PriceBook:
    """The catalogue that ships with the product."""
    return PriceBook.from_catalogue(shipped_catalogue())


def _is_no_cut(record: logging.LogRecord) -> bool:
    # A stream that broke off upstream is meant to end without its end.
    return "without completing response" not in record.getMessage()
