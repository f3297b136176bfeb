"""Parquet, written as a stream: a row group each batch, amounts as exact decimals.

Imported by the first export that asks for it: Arrow takes a while and much memory to load.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import models

from apps.usage.exports.columns import ADJUSTED, Row
from apps.usage.models import UsageEvent

_TYPES: dict[type[Any], pa.DataType] = {
    models.DateTimeField: pa.timestamp("us", tz="UTC"),
    models.BooleanField: pa.bool_(),
    models.FloatField: pa.float64(),
    models.IntegerField: pa.int64(),
    models.BigIntegerField: pa.int64(),
    models.SmallIntegerField: pa.int64(),
}


class _Drain(io.RawIOBase):
    """What was written and not yet taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def parquet_chunks(columns: Sequence[str], batches: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """The file in pieces: a row group each batch, then the footer."""
    schema = pa.schema([(name, _type(name)) for name in columns])
    drain = _Drain()
    with pq.ParquetWriter(drain, schema, compression="zstd") as writer:
        for batch in batches:
            values = zip(*batch, strict=True)
            arrays = [
                pa.array(map(_plain, column), field.type)
                for column, field in zip(values, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield drain.take()
    yield drain.take()


def _type(name: str) -> pa.DataType:
    field = UsageEvent._meta.get_field(f"first_{name}" if name in ADJUSTED else name)
    if isinstance(field, models.DecimalField):
        return pa.decimal128(field.max_digits, field.decimal_places)
    return _TYPES.get(type(field), pa.string())


def _plain(value: Any) -> Any:
    """A value as Arrow takes it: ids and JSON are text."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return str(value) if isinstance(value, UUID) else value
