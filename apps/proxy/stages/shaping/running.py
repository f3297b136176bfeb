"""Ask each lever in turn what it would change, within its time, and keep what may go out."""

from time import perf_counter

from apps.optimization.access import Lever
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import NONE, Levers
from apps.proxy.runtime import Runtime
from apps.proxy.stages.shaping import compression, prompt_cache, routing
from apps.proxy.stages.shaping.drafting import Draft, Proposal, Propose

# In the order of LEVERS, which is also that of the decomposition.
_LEVERS: tuple[tuple[Lever, Propose], ...] = (
    (routing.LEVER, routing.propose),
    (compression.LEVER, compression.propose),
    (prompt_cache.LEVER, prompt_cache.propose),
)


def shape(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `levers.body` and `levers.tiers` where a lever acts on the call; never raises."""
    levers, body, document = exchange.levers, exchange.body, exchange.facts.document
    if levers is None or not isinstance(body, bytes) or not isinstance(document, dict):
        return
    first = draft = Draft(body, document, exchange.tiers)
    for lever, propose in _LEVERS:
        if levers.policy.state(lever) != "off":
            draft = _shaped(exchange, runtime, levers, draft, lever, propose)
    if draft.body is not first.body:
        levers.body = draft.body
    if draft.tiers is not first.tiers:
        levers.tiers = draft.tiers
    if levers.offers and exchange.facts.is_stream and exchange.kept is None:
        exchange.kept = bytearray()


def _shaped(
    exchange: Exchange,
    runtime: Runtime,
    levers: Levers,
    draft: Draft,
    lever: Lever,
    propose: Propose,
) -> Draft:
    """The draft after the lever, or as it was."""
    began = perf_counter()
    try:
        proposal = propose(exchange, runtime, levers, draft)
        if proposal is None:
            return draft
        is_slow = perf_counter() - began > runtime.settings.lever_seconds
        return _settled(levers, draft, lever, proposal, is_slow=is_slow)
    except Exception:  # noqa: BLE001  (the call goes on as it came to the lever)
        figures.fail_lever(lever, "error")
        return draft


def _settled(
    levers: Levers, draft: Draft, lever: Lever, proposal: Proposal, *, is_slow: bool
) -> Draft:
    levers.is_triggered = levers.is_triggered or proposal.is_triggered
    goes_out = proposal.draft is not None and not is_slow
    if proposal.settle is not None:
        proposal.settle(goes_out)
    if is_slow:
        figures.fail_lever(lever, "slow")
        levers.decide(lever, NONE, "slow")
    else:
        levers.decisions.extend(proposal.decisions)
        levers.offers.extend(proposal.offers)
    return proposal.draft if proposal.draft is not None and goes_out else draft
