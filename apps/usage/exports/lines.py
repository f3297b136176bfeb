"""JSON Lines: one object each event, amounts as strings so that no reader rounds them."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import orjson

from apps.usage.exports.columns import Row


def jsonl_chunks(columns: Sequence[str], batches: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """Each batch as UTF-8."""
    for batch in batches:
        yield b"".join(_line(dict(zip(columns, row, strict=True))) for row in batch)


def _line(record: dict[str, object]) -> bytes:
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
    return orjson.dumps(record, default=_exactly, option=options)


def _exactly(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in an export.")
