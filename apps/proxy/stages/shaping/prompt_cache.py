"""Mark what the provider should keep of a prompt, where that is expected to pay.

The model sees the same prompt.
"""

import hmac
from functools import lru_cache, partial
from time import monotonic

from apps.kernel.events import Decision
from apps.optimization.access import Lever
from apps.optimization.accounting import Charged, unmarked
from apps.optimization.prefix import (
    PROMPT_CACHE_KEY,
    Plan,
    PromptCachePlanner,
    prompt_cache_key,
    with_marks,
    with_member,
)
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers
from apps.proxy.runtime import Runtime
from apps.proxy.stages.shaping.drafting import Draft, Proposal

LEVER: Lever = "prompt_cache"
_SALT = b"netra prompt cache keys"
# Of text; no provider keeps a shorter prompt (512 tokens, at four bytes each).
_SHORTEST = 2_048
_KEYED = frozenset({"chat.completions", "responses"})


def propose(exchange: Exchange, runtime: Runtime, levers: Levers, draft: Draft) -> Proposal | None:
    """Anthropic's marks and OpenAI's keys; see Propose."""
    if exchange.facts.prompt_text_bytes < _SHORTEST:
        return None
    name, providers = exchange.endpoint.name, draft.providers
    if name == "messages" and providers == {"anthropic"}:
        return _with_marks(exchange, runtime, levers, draft)
    if name in _KEYED and providers == {"openai"}:
        return _with_key(exchange, levers, draft)
    return None


def without_marks(exchange: Exchange, levers: Levers, charged: Charged) -> Charged | None:
    """The call without our marks, where all that was read and written was our doing."""
    if not levers.is_marked or exchange.candidate is None:
        return None
    return charged._replace(buckets=unmarked(charged.buckets))


def _with_marks(exchange: Exchange, runtime: Runtime, levers: Levers, draft: Draft) -> Proposal:
    caller, at_s = exchange.caller, monotonic()
    plan = runtime.planner.plan(
        draft.document,
        namespace=f"{caller.organization.id}:{caller.project.id}",
        model=draft.tiers[0][0].model or exchange.model or "",
        at_s=at_s,
    )
    if not plan.marks:
        return Proposal([Decision(LEVER, NONE, plan.reason)])
    if not levers.acts(LEVER):
        return Proposal([Decision(LEVER, SHADOW, plan.reason)], is_triggered=True)
    marked = draft._replace(body=with_marks(draft.body, plan.marks))
    # Else not all that is read is our doing, and nothing is claimed.
    is_ours = b'"cache_control"' not in draft.body
    settle = partial(_settle, levers, runtime.planner, plan, at_s, is_ours)
    decision = Decision(LEVER, ACTED, plan.reason)
    return Proposal([decision], marked, is_triggered=True, settle=settle)


def _settle(
    levers: Levers,
    planner: PromptCachePlanner,
    plan: Plan,
    at_s: float,
    is_ours: bool,
    goes_out: bool,
) -> None:
    levers.is_marked = goes_out and is_ours
    if goes_out:
        planner.applied(plan, at_s=at_s)


def _with_key(exchange: Exchange, levers: Levers, draft: Draft) -> Proposal | None:
    """OpenAI keeps prompts unasked; the key leads calls of one prefix to the same machines."""
    data_key = exchange.caller.organization.data_key
    if data_key is None or exchange.facts.prompt_text_bytes < 2 * _SHORTEST:
        return None
    caller = exchange.caller
    namespace = f"{caller.organization.id}:{caller.project.id}"
    key = prompt_cache_key(draft.document, namespace=namespace, key=_salt(data_key))
    if key is None:
        return None
    if not levers.acts(LEVER):
        return Proposal([Decision(LEVER, SHADOW, "keyed")], is_triggered=True)
    keyed = draft._replace(body=with_member(draft.body, PROMPT_CACHE_KEY, key))
    return Proposal([Decision(LEVER, ACTED, "keyed")], keyed, is_triggered=True)


@lru_cache(maxsize=4096)  # one for each organization
def _salt(data_key: bytes) -> bytes:
    return hmac.digest(data_key, _SALT, "sha256")
