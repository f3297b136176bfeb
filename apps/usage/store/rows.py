"""From an encoded event to the values of its row, without making an Event of it.

Nearly all of what arrives is passed on as it is: Postgres parses ids, amounts and instants itself.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from decimal import InvalidOperation
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from apps.kernel.events import Alert, Event, UnreadableEvent, read_alerts
from apps.kernel.tokens import BUCKETS
from apps.usage.store.counting import Counted, counted

_LISTS = ("attempts", "decisions", "untouched")
_OBJECTS = ("tags", "units", "decomposition", "features")
_JSON = _LISTS + _OBJECTS
# The first is the schema's; alerts become notices.
_NOT_STORED = {"organization_id", "buckets", "event_id", "started_at", "alerts", *_JSON}
_PLAIN = tuple(field.name for field in fields(Event) if field.name not in _NOT_STORED)
COLUMNS = ("started_at", "event_id", *_PLAIN, *BUCKETS, *_JSON)
# More is not of one call.
MOST_TOKENS = 2**40
_DEFAULTS: Mapping[str, Any] = {
    **{field.name: field.default for field in fields(Event) if field.default is not MISSING},
    **dict.fromkeys(_LISTS, []),
    **dict.fromkeys(_OBJECTS, {}),
    "alerts": [],
}
_NO_COUNTS = dict.fromkeys(BUCKETS, 0)
_plain = itemgetter(*_PLAIN)
_counts = itemgetter(*BUCKETS)
_json = itemgetter(*_JSON)
_UUID_LENGTH = 36
# Postgres has no character 0, in JSON neither.
_ZERO, _REPLACEMENT = b"\\u0000", b"\\ufffd"


class Row(NamedTuple):
    """values: one for each of COLUMNS, as COPY takes them. alerts: what it brings besides.

    counted: what it adds to the sums.
    """

    key: tuple[str, datetime]
    values: list[Any]
    counted: Counted
    alerts: tuple[Alert, ...] = ()

    @property
    def started_at(self) -> datetime:
        return self.key[1]


def read_row(encoded: bytes) -> Row:
    """The row of an encoded event. Raises UnreadableEvent for what has no identity or cannot be."""
    if _ZERO in encoded:
        encoded = _without_zeros(encoded)
    try:
        given = orjson.loads(encoded)
        try:
            return _row(given)
        except KeyError:
            return _row(_completed(given))
    except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation) as error:
        raise UnreadableEvent(f"These bytes are no Event: {error!r}.") from error


def _completed(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """With what an event of an older writer did not say."""
    buckets = {**_NO_COUNTS, **given.get("buckets", {})}
    return {**_DEFAULTS, **given, "buckets": buckets}


def _row(given: Mapping[str, Any]) -> Row:
    event_id, started_at = _id(given["event_id"]), _utc(given["started_at"])
    counts = _counts(given["buckets"])
    if max(counts) > MOST_TOKENS or min(counts) < -MOST_TOKENS:
        raise ValueError(f"a call of more than {MOST_TOKENS} tokens")
    return Row(
        (event_id, started_at),
        [started_at, event_id, *_plain(given), *counts, *map(_text, _json(given))],
        counted(given, counts, started_at),
        read_alerts(given["alerts"]) if given["alerts"] else (),
    )


def _id(text: str) -> str:
    """As Postgres writes it, which is how nearly all come."""
    return text if len(text) == _UUID_LENGTH and text.islower() else str(UUID(text))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _without_zeros(encoded: bytes) -> bytes:
    """Character 0 replaced, where the backslash before it is not itself a character."""
    return encoded.replace(b"\\\\", b"\\u005c").replace(_ZERO, _REPLACEMENT)
