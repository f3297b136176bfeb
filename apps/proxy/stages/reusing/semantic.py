"""Find the answer to a question that means the same, within one namespace."""

from apps.optimization.access import Lever
from apps.optimization.answers.entries import Entry, opened
from apps.optimization.answers.spaces import Space
from apps.optimization.wording import veto
from apps.proxy.exchange import Exchange
from apps.proxy.reuse import Candidate, Nothing, Reuse
from apps.proxy.runtime import Runtime
from apps.proxy.stages.reusing.giving import is_void

LEVER: Lever = "semantic"
STATUS = b"semantic"
# Below it no threshold was ever certified, and a comparison would be made in vain.
LEAST_SCORE = 0.3


def is_fit(reuse: Reuse) -> bool:
    """Whether the call is a single question of some words."""
    return reuse.space is not None


async def find(exchange: Exchange, runtime: Runtime, reuse: Reuse) -> Candidate | Nothing:
    """The nearest kept question's answer, unless something speaks against it."""
    space, question, near = reuse.space, reuse.question, runtime.similar.ready()
    if space is None or question is None or near is None:
        return Nothing("cold")
    reuse.vector = near.vector(question.text)
    if reuse.vector is None:
        return Nothing("long")
    match = near.nearest(space, reuse.vector, at=exchange.started_at)
    if match is None:
        return Nothing("miss")
    if match.score < LEAST_SCORE:
        return Nothing("far")
    key = reuse.sibling(match.entry)
    entry, reason = await _entry(exchange, runtime, reuse, space, key)
    if entry is None or entry.question is None:
        return Nothing(reason)
    objection = veto(question.text, entry.question)
    return Nothing(objection) if objection else Candidate(key, entry, match.score)


async def _entry(
    exchange: Exchange, runtime: Runtime, reuse: Reuse, space: Space, key: str
) -> tuple[Entry | None, str]:
    """What is kept under the key; what is not there any more, void or wrong is not found again."""
    organization, near = exchange.caller.organization, runtime.similar.ready()
    if key in exchange.snapshot.shards[organization.id].certificates.evicted:
        entry, reason = None, "evicted"
    else:
        kept = await runtime.answers.get(key)
        if kept is None and runtime.answers.is_away:
            return None, "away"
        entry, reason = _opened(exchange, reuse, key, kept), "gone"
    if entry is None and near is not None:
        near.forget(space, key)
    return entry, reason


def _opened(exchange: Exchange, reuse: Reuse, key: str, kept: bytes | None) -> Entry | None:
    if kept is None:
        return None
    organization_id = exchange.caller.organization.id
    entry = opened(kept, reuse.data_key, organization_id=organization_id, key=key)
    return None if entry is None or is_void(exchange, entry) else entry
