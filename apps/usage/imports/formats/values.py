"""Values as exports write them: numbers as text, instants in many forms, JSON inside CSV."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

Json = Mapping[str, Any]
MOST_COUNT = 10**15
MOST_TEXT = 200
MOST_USD = Decimal(10) ** 15
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# The largest magnitude of Unix time in each unit, before it must be the next finer one.
_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))


class Broken(ValueError):
    """A record that cannot be a call; the message is what people read beside its line."""


def table(value: Any) -> Json:
    """An object, also one written as JSON text; empty for anything else."""
    if isinstance(value, str) and value.startswith("{"):
        value = parsed(value)
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """A list, also one written as JSON text; empty for anything else."""
    if isinstance(value, str) and value.startswith("["):
        value = parsed(value)
    return value if isinstance(value, list) else []


def parsed(text: str) -> Any:
    """JSON inside a field; None when it is none."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def first(raw: Json, *names: str) -> Any:
    """The first of `names` that says something; None when none does."""
    for name in names:
        value = raw.get(name)
        if value is not None and value != "":
            return value
    return None


def text(value: Any) -> str | None:
    """One line of at most MOST_TEXT characters; None for nothing and for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return _CONTROL.sub(" ", str(value).strip())[:MOST_TEXT] or None


def count(value: Any) -> int:
    """A whole number >= 0; nothing is 0. Raises Broken."""
    if value is None or value == "":
        return 0
    try:
        number = Decimal(str(value).replace(",", ""))
        whole = int(number)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise Broken(f"{_shown(value)} is no count") from error
    if whole != number or not 0 <= whole <= MOST_COUNT:
        raise Broken(f"{_shown(value)} is no count")
    return whole


def usd(value: Any) -> Decimal | None:
    """An amount that the source states; None when it states none that makes sense."""
    if value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value).strip().lstrip("$"))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount <= MOST_USD else None


def milliseconds(value: Any) -> float | None:
    """A duration; None when there is none that makes sense."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def instant(value: Any) -> datetime:
    """Aware UTC from Unix time (s, ms, µs, ns) or ISO 8601; without a zone it is UTC.

    Raises Broken.
    """
    if value is None or value == "" or isinstance(value, bool):
        raise Broken("there is no time at which the call started")
    try:
        return _instant(value)
    except (ValueError, OverflowError, OSError) as error:
        raise Broken(f"{_shown(value)} is no time") from error


def _instant(value: Any) -> datetime:
    if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        found = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    number = float(value) if not isinstance(value, int) else value
    for most, divisor in _UNITS:
        if number < most:
            return datetime.fromtimestamp(number / divisor, UTC)
    raise ValueError(value)


def _shown(value: Any) -> str:
    return f'"{str(value)[:40]}"'
