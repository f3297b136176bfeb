"""Events as JSON: written by orjson from the dataclasses themselves, read with tolerance."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from uuid import UUID

import orjson

from apps.kernel.clock import require_aware
from apps.kernel.events.fields import Alert, Attempt, Begin, Charge, Decision, Event
from apps.kernel.tokens import BUCKETS, TokenBuckets

Record = TypeVar("Record", Event, Begin, Alert, Attempt, Charge, Decision)
Readers = Mapping[str, Callable[[Any], Any]]


class UnreadableEvent(ValueError):
    """Bytes that are no event: not JSON, or without the fields that make its identity."""


def encode(record: Event | Begin) -> bytes:
    """The record as one JSON object in UTF-8.

    Decimals and UUIDs become strings, instants RFC 3339 in UTC. A float that is no number
    becomes null. What JSON cannot hold is mended: half a surrogate pair becomes "?", an integer
    beyond 64 bits the nearest one. A record is never refused for what a client put into it.
    """
    try:
        return orjson.dumps(record, default=_exactly)
    except orjson.JSONEncodeError:
        return orjson.dumps(_mended(asdict(record)), default=_exactly)


def decode(encoded: bytes) -> Event:
    """The event of `encode`; unknown fields are skipped. Raises UnreadableEvent."""
    return _read(encoded, Event, _EVENT)


def decode_begin(encoded: bytes) -> Begin:
    """The begin of `encode`; unknown fields are skipped. Raises UnreadableEvent."""
    return _read(encoded, Begin, _BEGIN)


def read_alerts(items: list[Mapping[str, Any]]) -> tuple[Alert, ...]:
    """The alerts of an event's JSON, for readers that take nothing else of it apart.

    Raises UnreadableEvent.
    """
    try:
        return _alerts(items)
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise UnreadableEvent(f"These are no alerts: {error}.") from error


def _exactly(value: object) -> str | dict[Any, Any]:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in an event.")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if type(value) is int:
        return max(-(2**63), min(value, 2**63 - 1))
    if isinstance(value, Mapping):
        return {_mended(name): _mended(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_mended(item) for item in value]
    return value


def _read(encoded: bytes, kind: type[Record], readers: Readers) -> Record:
    try:
        return _made(kind, readers, orjson.loads(encoded))
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise UnreadableEvent(f"These bytes are no {kind.__name__}: {error}.") from error


def _made(kind: type[Record], readers: Readers, given: Mapping[str, Any]) -> Record:
    """`kind` of the fields that it knows; null is the default where a field is not nullable."""
    known = {
        name: reader(given[name]) for name, reader in readers.items() if given.get(name) is not None
    }
    return kind(**known)


def _as_is(value: Any) -> Any:
    return value


def _instant(text: str) -> datetime:
    return require_aware(datetime.fromisoformat(text))


def _buckets(counts: Mapping[str, int]) -> TokenBuckets:
    return TokenBuckets(**{name: counts[name] for name in BUCKETS if name in counts})


def _attempts(items: list[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    return tuple(_made(Attempt, _ATTEMPT, item) for item in items)


def _decisions(items: list[Mapping[str, Any]]) -> tuple[Decision, ...]:
    return tuple(_made(Decision, _DECISION, item) for item in items)


def _alerts(items: list[Mapping[str, Any]]) -> tuple[Alert, ...]:
    return tuple(_made(Alert, _ALERT, item) for item in items)


def _charges(items: list[Mapping[str, Any]]) -> tuple[Charge, ...]:
    return tuple(_made(Charge, _CHARGE, item) for item in items)


def _amounts(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}


_BY_NAME: Readers = {
    "event_id": UUID,
    "organization_id": UUID,
    "project_id": UUID,
    "api_key_id": UUID,
    "credential_id": UUID,
    "certificate_id": UUID,
    "experiment_id": UUID,
    "period_id": UUID,
    "content_ref": UUID,
    "limit_id": UUID,
    "started_at": _instant,
    "buckets": _buckets,
    "attempts": _attempts,
    "decisions": _decisions,
    "alerts": _alerts,
    "untouched": _charges,
    "decomposition": _amounts,
    "amount_usd": Decimal,
    "spent_usd": Decimal,
    "fraction": Decimal,
    "cost_usd": Decimal,
    "hold_usd": Decimal,
    "actual_usd": Decimal,
    "counterfactual_usd": Decimal,
}


def _readers_of(kind: type[Record]) -> Readers:
    return {field.name: _BY_NAME.get(field.name, _as_is) for field in fields(kind)}


_EVENT = _readers_of(Event)
_BEGIN = _readers_of(Begin)
_ATTEMPT = _readers_of(Attempt)
_CHARGE = _readers_of(Charge)
_DECISION = _readers_of(Decision)
_ALERT = _readers_of(Alert)
