"""Answer later, by the provider's batch API, where the caller can wait and asked for it.

What cannot be written down at once is not promised: the call then goes on as any other.
"""

from dataclasses import replace
from datetime import timedelta

from apps.kernel.events import encode
from apps.optimization.deadlines.deferral import LONGEST_WAIT, REQUEST, Deferral, may_batch
from apps.proxy import figures
from apps.proxy.deferring import Accepted, prefers_async, receipt
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, SHADOW, Levers
from apps.proxy.pricing import is_cheaper
from apps.proxy.runtime import Runtime
from apps.proxy.selection import Candidate
from apps.proxy.stages.ease import LEVER, TIER_MEMBER, due_in
from apps.proxy.stages.record import event_of
from apps.tenants.vault import binding, seal

BATCH = "batch"
# Of a request; a file of many of them must be what providers take (200 MB).
LARGEST = 4 << 20
_OFFERED = {"chat.completions": "openai", "responses": "openai", "messages": "anthropic"}
_TELLING = (b"anthropic-version", b"anthropic-beta")


def defer(exchange: Exchange, runtime: Runtime) -> bool:
    """Whether the call was put off; its 202 then stands in `exchange`, and its record is begun by
    whoever answers it. Never raises.
    """
    levers = exchange.levers
    if levers is None or levers.policy.state(LEVER) == "off":
        return False
    try:
        return _is_deferred(exchange, runtime, levers)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever(LEVER, "error")
        return False


def _is_deferred(exchange: Exchange, runtime: Runtime, levers: Levers) -> bool:
    within, candidate = due_in(exchange, levers), _offered(exchange)
    if within is None or candidate is None or not may_batch(within):
        return False
    data_key = exchange.caller.organization.data_key
    if data_key is None or not prefers_async(exchange.headers):
        return False
    levers.is_triggered = True
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, BATCH)
        return False
    levers.decide(LEVER, ACTED, BATCH)
    exchange.candidate = candidate
    if not _is_kept(exchange, runtime, candidate, min(within, LONGEST_WAIT), data_key):
        exchange.candidate = None
        levers.decisions.pop()
        figures.fail_lever(LEVER, "not_durable")
        return False
    return True


def _offered(exchange: Exchange) -> Candidate | None:
    """Who would be asked first, where it takes batches of such calls at a lower price."""
    document, body, first = exchange.facts.document, exchange.body, exchange.tiers[0][0]
    is_read = isinstance(document, dict) and isinstance(body, bytes) and len(body) <= LARGEST
    if not is_read or exchange.facts.is_stream or TIER_MEMBER in document or exchange.query:
        return None
    if _OFFERED.get(exchange.endpoint.name) != first.credential.provider or first.is_own:
        return None
    return first if is_cheaper(exchange, first, BATCH) else None


def _is_kept(
    exchange: Exchange,
    runtime: Runtime,
    candidate: Candidate,
    within: timedelta,
    data_key: bytes,
) -> bool:
    """Write the call down and fill in its 202; False where the disk did not take it."""
    organization_id, id = exchange.caller.organization.id, exchange.event_id
    due_at = exchange.started_at + within
    deferral = Deferral(
        due_at=due_at,
        endpoint=exchange.endpoint.name,
        path=exchange.endpoint.path,
        provider=candidate.credential.provider,
        credential_id=candidate.credential.id,
        model=candidate.model or exchange.model or "",
        sealed=seal(
            data_key, _body(exchange, candidate), bound_to=binding(organization_id, REQUEST)
        ),
        event=encode(replace(event_of(exchange), kind="batch")).decode(),
        headers=_telling(exchange),
    )
    if not runtime.spool.defer(id, organization_id, deferral.encoded()):
        return False
    exchange.is_deferred = True
    location = f"{runtime.settings.portal_url}/api/v1/deferred-calls/{id}"
    exchange.upstream = Accepted(location)
    exchange.status = exchange.upstream.status
    exchange.answer = receipt(id, location=location, due_at=due_at)
    return True


def _body(exchange: Exchange, candidate: Candidate) -> bytes:
    body = exchange.body if isinstance(exchange.body, bytes) else b""
    return exchange.dialect.prepare(body, exchange.facts, model=candidate.model)


def _telling(exchange: Exchange) -> dict[str, str]:
    found = {name.decode(): exchange.header(name) for name in _TELLING}
    return {name: value for name, value in found.items() if value is not None}
