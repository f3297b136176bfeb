"""When to ask a provider again, and after how long."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from apps.proxy.upstream import Upstream

# What the official clients retry too (openai-python, anthropic-sdk-python: _base_client.py).
RETRYABLE = frozenset({408, 409, 429, 500, 502, 503, 504, 520, 522, 524, 529})
# Another credential or provider may do what this one refuses.
ELSEWHERE = frozenset({401, 403, 404})
# The longest wait that we take upon ourselves; beyond it the caller decides.
LONGEST_WAIT_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 0.25
_random = random.SystemRandom()
_LONGEST_PAUSE_SECONDS = 8.0


def is_retryable(upstream: Upstream) -> bool:
    """Whether the same request may succeed a moment later. `x-should-retry` has the last word."""
    asked = upstream.header("x-should-retry")
    if asked in ("true", "false"):
        return asked == "true"
    return upstream.status in RETRYABLE


def asked_wait_seconds(upstream: Upstream, *, at: datetime) -> float | None:
    """What `retry-after-ms`, else `retry-after` (seconds or a date) asks for; None without one."""
    wait = _number(upstream.header("retry-after-ms"))
    if wait is not None:
        return max(0.0, wait / 1000)
    text = upstream.header("retry-after")
    seconds = _number(text)
    if seconds is not None:
        return max(0.0, seconds)
    return _seconds_until(text, at) if text else None


def backoff_seconds(tries: int) -> float:
    """Exponential with full jitter: uniform in [0.5, 1] × min(8 s, 0.25 s × 2^tries).

    tries: how often this provider was asked already, from 1.
    """
    ceiling = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** (tries - 1))
    return ceiling * _random.uniform(0.5, 1.0)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and number == number and number < 1e9 else None


def _seconds_until(text: str, at: datetime) -> float | None:
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - at).total_seconds())
