"""Providers' prompt caches: where marks pay, and how to add them without changing the prompt.

    planner = PromptCachePlanner(key=secret)                      # one for the process
    plan = planner.plan(request, namespace=…, model=…, at_s=…)    # each Anthropic call, both arms
    body = with_marks(body, plan.marks); planner.applied(plan, at_s=…)          # treatment only

    key = prompt_cache_key(request, namespace=…, key=secret)      # each OpenAI call
    body = with_member(body, PROMPT_CACHE_KEY, key)               # treatment only, unless None

Pure and synchronous; UnknownPlace of with_marks and with_member means: send the body as it is.
"""

from apps.optimization.prefix.blocks import UnknownShape, anthropic_blocks
from apps.optimization.prefix.minimums import minimum_tokens
from apps.optimization.prefix.openai import NAME as PROMPT_CACHE_KEY
from apps.optimization.prefix.openai import prompt_cache_key
from apps.optimization.prefix.planning import CachePrices, Mark, Plan, PromptCachePlanner
from apps.optimization.prefix.splicing import (
    UnknownPlace,
    with_marks,
    with_member,
    with_only,
    with_values,
)
from apps.optimization.prefix.statistics import PrefixStatistics

__all__ = [
    "PROMPT_CACHE_KEY",
    "CachePrices",
    "Mark",
    "Plan",
    "PrefixStatistics",
    "PromptCachePlanner",
    "UnknownPlace",
    "UnknownShape",
    "anthropic_blocks",
    "minimum_tokens",
    "prompt_cache_key",
    "with_marks",
    "with_member",
    "with_only",
    "with_values",
]
