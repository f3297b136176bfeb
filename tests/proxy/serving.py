"""A gateway as an application for a server process of its own; the environment says what it knows.

Its one tenant has the key in GATEWAY_KEY, all of whose providers are at GATEWAY_UPSTREAM.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from apps.kernel.ids import uuid7
from apps.proxy.app import Gateway
from apps.proxy.limits.limiter import Limiter
from apps.proxy.runtime import Runtime
from apps.proxy.transport import Transport
from apps.usage.spool import SpoolWriter
from tests.gateways import quick_settings, snapshot_of, tenant


@asynccontextmanager
async def open_runtime() -> AsyncIterator[Runtime]:
    """As in production, but for the snapshot."""
    known = replace(tenant(1, os.environ["GATEWAY_UPSTREAM"]), key=os.environ["GATEWAY_KEY"])
    snapshot = snapshot_of([known])
    limiter = Limiter(settings.REDIS_URL, prefix=f"test-{uuid7()}")
    await limiter.start()
    spool, transport = SpoolWriter(Path(os.environ["GATEWAY_SPOOL"]), "gateway"), Transport()
    yield Runtime(
        settings=quick_settings(),
        snapshot=lambda: snapshot,
        is_in_touch=lambda: True,
        mark_used=lambda _key, _at: None,
        limiter=limiter,
        spool=spool,
        transport=transport,
    )
    await transport.close()
    await limiter.close()
    spool.close()


application = Gateway(open_runtime)
