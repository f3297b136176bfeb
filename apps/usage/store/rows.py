"""From an encoded event to the values of its row, without making an Event of it.

Nearly all of what arrives is passed on as it is: Postgres parses ids, amounts and instants itself.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson

from apps.kernel.events import Alert, Event, UnreadableEvent, read_alerts
from apps.kernel.tokens import BUCKETS

_LISTS = ("attempts", "decisions")
_OBJECTS = ("tags", "units", "decomposition", "features")
_JSON = _LISTS + _OBJECTS
# The first is the schema's; alerts become notices.
_NOT_STORED = {"organization_id", "buckets", "started_at", "alerts", *_JSON}
_PLAIN = tuple(field.name for field in fields(Event) if field.name not in _NOT_STORED)
COLUMNS = ("started_at", *_PLAIN, *BUCKETS, *_JSON)
# More is not of one call. Sums of what is less fit their columns, so that a provider that reports
# absurd counts cannot stop those of everybody's later calls.
MOST_TOKENS, MOST_USD = 2**40, 10**9
# What an event of an older writer did not say.
_DEFAULTS: Mapping[str, Any] = {
    **{field.name: field.default for field in fields(Event) if field.default is not MISSING},
    **dict.fromkeys(_LISTS, []),
    **dict.fromkeys(_OBJECTS, {}),
    "buckets": {},
    "alerts": [],
}
_NO_COUNTS = dict.fromkeys(BUCKETS, 0)
# Postgres has no character 0, in JSON neither.
_ZERO, _REPLACEMENT = b"\\u0000", b"\\ufffd"


class Row(NamedTuple):
    """values: one for each of COLUMNS, as COPY takes them. alerts: what it brings besides."""

    key: tuple[str, datetime]
    values: list[Any]
    alerts: tuple[Alert, ...] = ()

    @property
    def started_at(self) -> datetime:
        return self.key[1]


def read_row(encoded: bytes) -> Row:
    """The row of an encoded event. Raises UnreadableEvent for what has no identity or cannot be."""
    if _ZERO in encoded:
        encoded = _without_zeros(encoded)
    try:
        given = {**_DEFAULTS, **orjson.loads(encoded)}
        key = (given["event_id"], _utc(given["started_at"]))
        counts = {**_NO_COUNTS, **given["buckets"]}
        _require_plausible(given, counts)
        values = [key[1], *_plain(given), *_counts(counts), *_json(given)]
        return Row(key, values, read_alerts(given["alerts"]) if given["alerts"] else ())
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise UnreadableEvent(f"These bytes are no Event: {error!r}.") from error


def _require_plausible(given: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    amounts = [given["actual_usd"], given["counterfactual_usd"], *given["decomposition"].values()]
    if max(counts.values()) > MOST_TOKENS or min(counts.values()) < -MOST_TOKENS:
        raise ValueError(f"a call of more than {MOST_TOKENS} tokens")
    if not all(-MOST_USD <= Decimal(each) <= MOST_USD for each in amounts if each is not None):
        raise ValueError(f"a call of more than {MOST_USD} USD")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _plain(given: Mapping[str, Any]) -> list[Any]:
    return [given[name] for name in _PLAIN]


def _counts(counts: Mapping[str, int]) -> list[int]:
    return [counts[name] for name in BUCKETS]


def _json(given: Mapping[str, Any]) -> list[str]:
    return [orjson.dumps(given[name]).decode() for name in _JSON]


def _without_zeros(encoded: bytes) -> bytes:
    """Character 0 replaced, where the backslash before it is not itself a character."""
    return encoded.replace(b"\\\\", b"\\u005c").replace(_ZERO, _REPLACEMENT)
