"""Mark what the provider should keep of a prompt, where that is expected to pay.

The model sees the same prompt: marks and keys are spliced into the caller's own bytes, and nothing
else of them is touched. What goes wrong or takes too long leaves the call as it came.
"""

import hmac
from functools import lru_cache
from time import monotonic, perf_counter
from typing import Any

from apps.optimization.access import Lever
from apps.optimization.prefix import (
    PROMPT_CACHE_KEY,
    prompt_cache_key,
    with_marks,
    with_member,
)
from apps.proxy import figures
from apps.proxy.exchange import Exchange
from apps.proxy.levers import ACTED, NONE, SHADOW, Levers
from apps.proxy.runtime import Runtime

LEVER: Lever = "prompt_cache"
_SALT = b"netra prompt cache keys"
# Of text; no provider keeps a shorter prompt (512 tokens, at four bytes each).
_SHORTEST = 2_048
_KEYED = frozenset({"chat.completions", "responses"})


def shape(exchange: Exchange, runtime: Runtime) -> None:
    """Fill in `levers.body` where a lever acts on the prompt; never raises."""
    levers = exchange.levers
    if levers is None or exchange.facts.prompt_text_bytes < _SHORTEST:
        return
    if levers.policy.state(LEVER) == "off":
        return
    began = perf_counter()
    try:
        body = _marked(exchange, runtime, levers)
    except Exception:  # noqa: BLE001  (the call goes on untouched)
        figures.fail_lever(LEVER, "error")
        return
    if perf_counter() - began > runtime.settings.lever_seconds:
        figures.fail_lever(LEVER, "slow")
        levers.is_marked = False
        levers.decide(LEVER, NONE, "slow")
    elif body is not None:
        levers.body = body


def _marked(exchange: Exchange, runtime: Runtime, levers: Levers) -> bytes | None:
    """The body with what we add to it; None where it goes as it came."""
    document, name = exchange.facts.document, exchange.endpoint.name
    providers = {each.credential.provider for tier in exchange.tiers for each in tier}
    body = exchange.body
    if not isinstance(document, dict) or not isinstance(body, bytes):
        return None
    if name == "messages" and providers == {"anthropic"}:
        return _with_marks(exchange, runtime, levers, document, body)
    if name in _KEYED and providers == {"openai"}:
        return _with_key(exchange, levers, document, body)
    return None


def _with_marks(
    exchange: Exchange, runtime: Runtime, levers: Levers, document: dict[str, Any], body: bytes
) -> bytes | None:
    caller, at_s = exchange.caller, monotonic()
    plan = runtime.planner.plan(
        document,
        namespace=f"{caller.organization.id}:{caller.project.id}",
        model=exchange.tiers[0][0].model or exchange.model or "",
        at_s=at_s,
    )
    if not plan.marks:
        levers.decide(LEVER, NONE, plan.reason)
        return None
    levers.is_triggered = True
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, plan.reason)
        return None
    marked = with_marks(body, plan.marks)
    runtime.planner.applied(plan, at_s=at_s)
    # Else not all that is read is our doing, and nothing is claimed.
    levers.is_marked = b'"cache_control"' not in body
    levers.decide(LEVER, ACTED, plan.reason)
    return marked


def _with_key(
    exchange: Exchange, levers: Levers, document: dict[str, Any], body: bytes
) -> bytes | None:
    """OpenAI keeps prompts unasked; the key leads calls of one prefix to the same machines."""
    data_key = exchange.caller.organization.data_key
    if data_key is None or exchange.facts.prompt_text_bytes < 2 * _SHORTEST:
        return None
    caller = exchange.caller
    namespace = f"{caller.organization.id}:{caller.project.id}"
    key = prompt_cache_key(document, namespace=namespace, key=_salt(data_key))
    if key is None:
        return None
    levers.is_triggered = True
    if not levers.acts(LEVER):
        levers.decide(LEVER, SHADOW, "keyed")
        return None
    levers.decide(LEVER, ACTED, "keyed")
    return with_member(body, PROMPT_CACHE_KEY, key)


@lru_cache(maxsize=4096)  # one for each organization
def _salt(data_key: bytes) -> bytes:
    return hmac.digest(data_key, _SALT, "sha256")
