"""Callers: each call is made once, and what came of it is written down as its caller saw it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Literal

import aiohttp

from bench.soaking.provider import CALL_HEADER
from bench.soaking.reading import Answer, read
from bench.soaking.tenants import Tenant
from bench.soaking.traffic import MESSAGES, Ask

# lost: the connection broke. left: the caller went away. broken: bytes that are no answer.
Ending = Literal["right", "error", "broken", "lost", "left"]
PATIENCE_SECONDS = 60.0
# One call in so many closes its connection, so that new workers get their share of them.
_FRESH = 5
_NETRA_CODE = "netra-error-code"


@dataclass(slots=True)
class Seen:
    """One call as its caller saw it; times are of the clock, in seconds.

    by: "gateway" or "web". code: of an error of the gateway's own. said: digest of the words.
    trouble: how a connection broke.
    """

    number: int
    tenant: str
    kind: str
    path: str
    model: str
    asked: str
    fault: str
    by: str
    started: float
    ended: float = 0.0
    ending: Ending = "lost"
    status: int = 0
    code: str = ""
    said: str = ""
    cache: str = ""
    cost: str = ""
    trouble: str = ""
    first: int = 0  # the call that this one tries again

    @property
    def seconds(self) -> float:
        return self.ended - self.started


class Callers:
    """Make calls over connections that are kept. origins: "gateway" and "web" → URL."""

    def __init__(self, session: aiohttp.ClientSession, origins: dict[str, str]) -> None:
        self._session, self._origins = session, origins
        self.seen: list[Seen] = []
        self.open = 0

    async def call(self, ask: Ask, tenant: Tenant, by: str) -> Seen:
        """Make the call and keep what came of it."""
        seen = Seen(
            ask.number, tenant.name, ask.kind, ask.path, ask.model, ask.asked, ask.fault, by,
            started=time(), first=ask.first or ask.number,
        )  # fmt: skip
        self.open += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._exchange(ask, tenant, seen)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            seen.ending, seen.trouble = "lost", type(error).__name__
        finally:
            self.open -= 1
            seen.ended = time()
            self.seen.append(seen)
        return seen

    async def _exchange(self, ask: Ask, tenant: Tenant, seen: Seen) -> None:
        url = self._origins[seen.by] + ask.path
        headers = _headers(ask, tenant)
        async with self._session.post(url, data=ask.body, headers=headers) as answer:
            seen.status = answer.status
            seen.code = answer.headers.get(_NETRA_CODE, "")
            seen.cache = answer.headers.get("netra-cache", "")
            seen.cost = answer.headers.get("netra-cost-usd", "")
            if ask.is_left and answer.status == 200:
                await answer.content.readany()
                seen.ending = "left"
                answer.close()
                return
            _judge(seen, read(ask.path, await answer.read()))


def _judge(seen: Seen, answer: Answer) -> None:
    seen.said = answer.digest
    if answer.error:
        seen.ending = "error"
    elif seen.status == 200 and answer.is_whole:
        seen.ending = "right"
    else:
        seen.ending = "broken"


def _headers(ask: Ask, tenant: Tenant) -> dict[str, str]:
    own = {
        "content-type": "application/json",
        "netra-tags": f"call={ask.number},canary={tenant.name}",
        "netra-conversation": ask.conversation,
        CALL_HEADER: str(ask.number),
    }
    if ask.path == MESSAGES:
        own |= {"x-api-key": tenant.key, "anthropic-version": "2023-06-01"}
    else:
        own["authorization"] = f"Bearer {tenant.key}"
    if ask.number % _FRESH == 0:
        own["connection"] = "close"
    return own | {"x-sim-fault": ask.fault} if ask.fault else own


@asynccontextmanager
async def callers(origins: dict[str, str]) -> AsyncIterator[Callers]:
    """Callers with as many connections as they need."""
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield Callers(session, origins)
