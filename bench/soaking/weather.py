"""Bad days of the provider: bursts of faults that meet the next calls of one organization."""

import asyncio
from collections.abc import Sequence
from random import Random

import aiohttp

from bench.soaking.tenants import Tenant

# What passes: the gateway's second try meets the next entry, or a good answer.
PASSING_FAULTS = (
    "500", "502", "503", "529", "429-retry-after=0.3", "cut", "garbage", "wrong-content-type",
    "half-utf8", "error-event", "slow-first-byte=1", "stall=0.8", None,
)  # fmt: skip
_LONGEST_BURST = 8
_PAUSE_SECONDS = 2.0


async def spoil(provider: str, tenants: Sequence[Tenant], random: Random) -> None:
    """Until cancelled: every two seconds a burst for one provider key. provider: its URL."""
    async with aiohttp.ClientSession() as session:
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            tenant = random.choice(tenants)
            faults = random.choices(PASSING_FAULTS, k=random.randrange(1, _LONGEST_BURST))
            script = {"api_key": random.choice(list(tenant.secrets.values())), "faults": faults}
            async with session.post(f"{provider}/_sim/scripts", json=script) as answer:
                answer.raise_for_status()
