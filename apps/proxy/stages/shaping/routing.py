"""Send a conversation to a cheaper model where one is certified for its kind of request.

What is decided follows from the conversation and its certificate alone, so that all processes of
a gateway decide alike; each keeps to what it has seen a conversation begin with.
"""

from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from apps.kernel.events import Decision
from apps.optimization.access import Lever
from apps.optimization.accounting import Charged
from apps.optimization.routing import (
    ROUTABLE,
    Choice,
    Needs,
    Pins,
    choose,
    instructions_of,
    needs_of,
    request_class,
    template_digest,
    turns_of,
)
from apps.optimization.serving import SHADOW_SHARE
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers, Offer
from apps.proxy.runtime import Runtime
from apps.proxy.stages.shaping.alternatives import (
    alternative,
    conversation_draw,
    is_drawn,
    is_learnt,
    keyed,
)
from apps.proxy.stages.shaping.drafting import Draft, Proposal
from apps.proxy.stages.shaping.options import Option, options_of

LEVER: Lever = "routing"
TAG = "route"
# A model may take so many times as long to its first byte as the one that was asked for, and
# so many milliseconds longer in any case.
_MOST_SLOWER, _LEAST_SLOWER_MS = 2.0, 500.0
# What it is pinned to was certified once, and is not any more; `slow` is a lever's own fault.
_REASONS = {"pinned": "withdrawn", "slow": "slow_model"}


class _Call(NamedTuple):
    """kind: the class of the request. pinned: the model that its conversation is known to have."""

    exchange: Exchange
    runtime: Runtime
    levers: Levers
    draft: Draft
    data_key: bytes
    kind: str
    conversation: str
    needs: Needs
    pinned: str | None


def propose(exchange: Exchange, runtime: Runtime, levers: Levers, draft: Draft) -> Proposal | None:
    """Another model's candidates; see Propose."""
    data_key = exchange.caller.organization.data_key
    is_fit = exchange.endpoint.name in ROUTABLE and exchange.endpoint.model is None
    if not is_fit or data_key is None or not levers.policy.allowed_models:
        return None
    call = _call(exchange, runtime, levers, draft, data_key)
    options = options_of(exchange, runtime, levers, call.needs, kind=call.kind)
    if not options.found:
        return Proposal([Decision(LEVER, NONE, options.reason)])
    certified = [each for each in options.found if each.certificate is not None]
    choice = _choice(call, certified) if certified else Choice(None, "uncertified")
    chosen = next((each for each in certified if each.route.model == choice.model), None)
    if chosen is None:
        return _unrouted(call, options.found, _REASONS.get(choice.reason, choice.reason))
    return _routed(call, chosen, choice.reason)


def without_routing(exchange: Exchange, levers: Levers, charged: Charged) -> Charged | None:
    """The same tokens at the model that the caller asked for, where another one answered."""
    if levers.tiers is None or exchange.candidate is None:
        return None
    if exchange.is_of_caller(exchange.candidate):
        return None
    own = exchange.tiers[0][0]
    return charged._replace(provider=own.credential.provider, models=(own.model, exchange.model))


def _call(
    exchange: Exchange, runtime: Runtime, levers: Levers, draft: Draft, data_key: bytes
) -> _Call:
    tag = exchange.caller.tags.get(TAG)
    kind = request_class(tag, None if tag else _template(draft.document, data_key), None)
    conversation = f"{exchange.caller.organization.id}:{levers.unit}:{exchange.model}:{kind}"
    facts = exchange.facts
    needs = needs_of(
        draft.document,
        endpoint=exchange.endpoint.name,
        text_bytes=facts.prompt_text_bytes,
        images=facts.image_count,
        most_output=facts.max_output_tokens,
    )
    pinned = runtime.pins.model(conversation, at_s=monotonic())
    return _Call(exchange, runtime, levers, draft, data_key, kind, conversation, needs, pinned)


def _choice(call: _Call, certified: list[Option]) -> Choice:
    is_warm = call.pinned == call.exchange.model
    pinned = None if is_warm else call.pinned
    return choose(
        [each.route for each in certified],
        call.needs,
        pinned=pinned,
        is_warm=is_warm,
        calls_left=_turns(call.draft.document),
        most_latency_ms=None if pinned else _most_latency(call),
    )


def _most_latency(call: _Call) -> float | None:
    usual = call.runtime.latencies.of(call.exchange.tiers[0][0])
    return max(usual * _MOST_SLOWER, usual + _LEAST_SLOWER_MS) if usual else None


def _unrouted(call: _Call, options: list[Option], reason: str) -> Proposal:
    """The call stays; a share of such calls is asked of one of the other models as well."""
    draw = conversation_draw(call.levers, call.data_key, LEVER)
    option = options[int(draw * len(options))]
    is_asked = call.levers.may_act and is_drawn(SHADOW_SHARE)
    decision = SHADOW if reason == "uncertified" else NONE
    return Proposal(
        [_decision(decision, reason, option)],
        settle=_pinning(call, None),
        offers=[_offer(call, option, SHADOW_SHARE / len(options))] if is_asked else (),
    )


def _routed(call: _Call, option: Option, reason: str) -> Proposal:
    """A share of the conversations stays, so that labels keep coming."""
    levers = call.levers
    is_sampled = conversation_draw(levers, call.data_key, LEVER) < SHADOW_SHARE
    acts = levers.acts(LEVER) and not is_sampled
    is_asked = levers.may_act and is_learnt(levers, LEVER, is_sampled)
    draft = call.draft
    routed = draft._replace(tiers=[*option.tiers, *draft.tiers]) if acts else None
    reason = "sampled" if is_sampled else reason
    return Proposal(
        [_decision(ACTED if acts else SHADOW, reason, option)],
        draft=routed,
        is_triggered=not is_sampled,
        settle=_pinning(call, None if is_sampled else option.route.model),
        offers=[_offer(call, option, SHADOW_SHARE)] if is_asked else (),
    )


def _decision(decision: str, reason: str, option: Option) -> Decision:
    certificate_id = option.certificate.id if option.certificate else None
    gain = option.route.gain
    return Decision(LEVER, decision, reason, certificate_id, option.namespace, gain)


def _offer(call: _Call, option: Option, probability: float) -> Offer:
    model, path = option.route.model, call.exchange.path
    asked = partial(alternative, path, call.draft.document, model=model, kind=call.kind)
    return Offer(LEVER, option.namespace, option.route.gain, probability, asked)


def _pinning(call: _Call, model: str | None) -> "partial[None]":
    acts = call.levers.acts(LEVER)
    own = call.exchange.model or ""
    return partial(_pin, call.runtime.pins, call.conversation, model, own, acts)


def _pin(
    pins: Pins, conversation: str, model: str | None, own: str, acts: bool, goes_out: bool
) -> None:
    """Held-out conversations are pinned as if they were not, so that both arms decide alike."""
    is_other = model is not None and (goes_out or not acts)
    pins.pin(conversation, model if model and is_other else own, at_s=monotonic())


def _template(document: dict[str, Any], data_key: bytes) -> str | None:
    return template_digest("\n".join(instructions_of(document)), key=keyed(data_key))


def _turns(document: dict[str, Any]) -> int:
    """Answers so far, which is also how many more are to be expected (Lindy's law)."""
    return sum(message.get("role") == "assistant" for message in turns_of(document))
