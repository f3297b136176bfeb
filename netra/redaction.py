"""Masks secrets in log lines and error reports, whatever put them there.

A net below the rule that secrets are never logged: it works on the finished text, so that a
library's own message or a traceback is covered too.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "[redacted]"
SENSITIVE_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|api[-_]?key|session[-_]?(id|key)|credential|dsn"
    r"|pepper|\bkek\b|csrf|\botp\b|sealed|digest",
    re.IGNORECASE,
)
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Our keys and links, those of providers, Stripe and clouds: the prefix stays, to tell which.
    (re.compile(r"\b(nap_(?:live|test)_)[0-9A-Za-z]+"), rf"\1{MASK}"),
    (re.compile(r"\b(prf_)[0-9A-Za-z_-]+"), rf"\1{MASK}"),
    (
        re.compile(r"\b((?:sk|rk|pk|whsec|gsk|xai|ghp|r8)[-_]|AIza|AKIA)[0-9A-Za-z_-]{12,}"),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b((?:authorization|(?:set-)?cookie)\s*[:=]\s*)[^\r\n\"']+", re.I), rf"\1{MASK}"),
    (re.compile(r"\b(bearer|basic)(\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1\2{MASK}"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{MASK}@"),
    # name=value, name: value and "name": "value"
    (
        re.compile(
            r"((?:passw(?:or)?d\w*|secret\w*|\w*token|api[-_]?key"
            r"|session[-_]?(?:id|key))[\"']?\s*[=:]\s*[\"']?)(?!\[redacted\])[^\s\"',;&}]+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    # Links that act by themselves.
    (re.compile(r"(/invitations/|/password/reset/key/|/confirm-email/)[^/\s\"']+"), rf"\1{MASK}"),
)


def redacted_text(text: str) -> str:
    """`text` without anything that is shaped like a secret."""
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redacted(value: Any) -> Any:
    """`value` with every text in it redacted, and everything under a sensitive name masked."""
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, Mapping):
        return {key: _redacted_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redacted_text(str(value))


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """The structlog processor; stands right before the renderer."""
    return redacted(event)


def _redacted_item(name: str, item: Any) -> Any:
    # Numbers pass: counts of tokens are no secret.
    is_text = bool(item) and not isinstance(item, int | float)
    return MASK if is_text and SENSITIVE_NAME.search(name) else redacted(item)
