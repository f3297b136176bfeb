"""Find the answer to the same words in other clothes; all that was said before is the same."""

from apps.optimization.access import Lever
from apps.optimization.answers.entries import opened
from apps.proxy.exchange import Exchange
from apps.proxy.reuse import Candidate, Nothing, Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing.giving import is_void

LEVER: Lever = "near_exact"
STATUS = b"near-exact"
_SCORE = 1.0


def is_fit(reuse: Reuse) -> bool:
    """Whether the call ends in words that can be compared."""
    return reuse.near_key is not None


async def find(exchange: Exchange, runtime: Runtime, reuse: Reuse) -> Candidate | Nothing:
    """What is kept under the near-exact key, unless it was found to be wrong or is void."""
    organization, key = exchange.caller.organization, reuse.near_key or ""
    if key in exchange.snapshot.shards[organization.id].certificates.evicted:
        return Nothing("evicted")
    kept = await runtime.answers.get(key)
    if kept is None:
        return Nothing("miss")
    entry = opened(kept, reuse.data_key, organization_id=organization.id, key=key)
    if entry is None or is_void(exchange, entry):
        return Nothing("void")
    return Candidate(key, entry, _SCORE)
