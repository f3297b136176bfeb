"""A piece of a file: read, understood, priced, and rid of its content."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO

from apps.kernel.events import encode
from apps.tenants.models import Organization
from apps.usage import store
from apps.usage.imports.estimates import Looker, Sighting
from apps.usage.imports.events import event_of
from apps.usage.imports.formats import FORMATS, Broken, Json, Record
from apps.usage.imports.models import Import
from apps.usage.imports.prices import Prices
from apps.usage.imports.reading import READERS, Item, Place
from apps.usage.imports.trials import Saved, Trier
from apps.usage.services.ingestion import AHEAD
from apps.usage.services.retention import retention
from apps.usage.store import Row

MOST_ITEMS, MOST_BYTES = 2_000, 8 * 1024 * 1024
# What a strange shape may make of code that expects another one.
_STRANGE = (ValueError, TypeError, AttributeError, KeyError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is ready to be stored. Its record has no content any more."""

    line: int
    record: Record
    cost: Decimal | None
    row: Row
    sightings: tuple[Sighting, ...]
    saved: Saved


@dataclass(slots=True)
class Chunk:
    """What a piece of a file holds. is_last: nothing follows."""

    place: Place
    calls: list[Call] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    skipped: int = 0
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Tools:
    """What calls of one organization are judged by."""

    organization: Organization
    prices: Prices
    looker: Looker
    trier: Trier


def read_chunk(file: IO[bytes], of_import: Import, tools: Tools, *, at: datetime) -> Chunk:
    """The next records, as many as fit into bounded memory."""
    start = Place(of_import.read_bytes, of_import.read_lines)
    chunk = Chunk(start)
    for number, item in enumerate(READERS[of_import.container](file, start), 1):
        _add(chunk, item, of_import, tools, at=at)
        chunk.place = item.place
        if number >= MOST_ITEMS or item.place.offset - start.offset >= MOST_BYTES:
            chunk.is_last = False
            break
    return chunk


def _add(chunk: Chunk, item: Item, of_import: Import, tools: Tools, *, at: datetime) -> None:
    found = _found(item, of_import.format)
    for place, each in enumerate(found):
        checked = _within_retention(each, at=at) if isinstance(each, Record) else each
        if isinstance(checked, Broken):
            chunk.errors.setdefault(item.line, str(checked))
        elif checked is None:
            chunk.skipped += 1
        else:
            name = item.content if len(found) == 1 else b"%d:%b" % (place, item.content)
            chunk.calls.append(_call(checked, item.line, name, of_import, tools))


def _found(item: Item, format_name: str) -> list[Record | Broken | None]:
    if isinstance(item.value, Broken):
        return [item.value]
    return list(records_of(item.value, format_name))


def records_of(raw: Json, format_name: str) -> Iterator[Record | Broken | None]:
    """The calls in one record of a file; None for what is none."""
    known = FORMATS[format_name]
    if not known.recognises(raw):
        yield Broken(f"this is no record of {known.label}")
        return
    try:
        yield from (_record(part, format_name) for part in known.split(raw))
    except _STRANGE:
        yield Broken("the record has an unknown shape")


def _record(part: Json, format_name: str) -> Record | Broken | None:
    try:
        return FORMATS[format_name].read(part)
    except Broken as broken:
        return broken
    except _STRANGE:
        return Broken("the record has an unknown shape")


def _within_retention(record: Record, *, at: datetime) -> Record | Broken:
    kept: timedelta = retention()
    if record.started_at < at - kept:
        return Broken(f"the call started more than {kept.days} days ago, before the retention")
    if record.started_at > at + AHEAD:
        return Broken("the call starts in the future")
    return record


def _call(record: Record, line: int, content: bytes, of_import: Import, tools: Tools) -> Call:
    rate = tools.prices.rate(record)
    cost = tools.prices.cost(record, rate)
    event = event_of(
        record,
        content,
        of_import=of_import,
        organization=tools.organization,
        cost=cost,
        price_version=tools.prices.book(record.started_at).version,
    )
    sightings = tuple(tools.looker.sightings(record, rate, cost))
    row = store.read_row(encode(event))
    saved = tools.trier.tried(record, rate, cost)
    return Call(line, replace(record, request={}), cost, row, sightings, saved)


def sample_of(file: IO[bytes], container: str, place: Place, most: int = 100) -> Iterable[Json]:
    """The first whole records of a file, at most `most` of as many lines."""
    sample: list[Json] = []
    for number, item in enumerate(READERS[container](file, place)):
        if number >= most or item.place.offset - place.offset > MOST_BYTES:
            break
        if not isinstance(item.value, Broken):
            sample.append(item.value)
    return sample
