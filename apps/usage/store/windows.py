"""Periods cut into calendar buckets of a time zone, and into pieces that rollups have: pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Granularity = Literal["minute", "hour", "day", "week", "month"]
EVENTS = 0  # the grain of what no rollup has
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIXED = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
# So many days after the start of a bucket the next one has begun.
_DAYS = {"day": 1, "week": 7, "month": 32}


class Segment(NamedTuple):
    """[since, until) to be read from the rollups of `grain` minutes; 0 is the events."""

    grain: int
    since: datetime
    until: datetime


def bucket_starts(
    since: datetime, until: datetime, granularity: Granularity | None, zone: ZoneInfo
) -> Iterator[datetime]:
    """The starts (UTC) of the buckets that [since, until) touches, the first one being `since`.

    Days, weeks (from Monday on) and months are those of the zone's calendar, with days of 23 to 25
    hours where its clocks change; hours begin where the zone's clocks show a full hour.
    """
    start = since.astimezone(UTC)
    while start < until:
        yield start
        if granularity is None:
            return
        start = _next_start(start, granularity, zone)


def bucket_start(at: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    """Where the whole bucket that holds `at` begins, in the zone."""
    local = at.astimezone(zone)
    if granularity in _FIXED:
        past = timedelta(minutes=local.minute if granularity == "hour" else 0)
        return (at - past).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if granularity == "week":
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1) if granularity == "month" else midnight


def _next_start(start: datetime, granularity: Granularity, zone: ZoneInfo) -> datetime:
    whole = bucket_start(start, granularity, zone)
    if granularity in _FIXED:
        return whole.astimezone(UTC) + _FIXED[granularity]
    following = whole + timedelta(days=_DAYS[granularity])
    if granularity == "month":
        following = following.replace(day=1)
    return following.astimezone(UTC)


def cover(
    bounds: Sequence[datetime], grains: Sequence[int], minutes_since: datetime
) -> list[Segment]:
    """Segments that make up the buckets between `bounds` exactly, each of the longest grain.

    grains: those that there are. minutes_since: from when on sums by minute are complete.
    """
    merged: list[Segment] = []
    for since, until in zip(bounds, bounds[1:], strict=False):
        for piece in _pieces(since, until, sorted(grains), minutes_since):
            last = merged[-1] if merged else None
            if last and last.grain == piece.grain and last.until == piece.since:
                merged[-1] = Segment(last.grain, last.since, piece.until)
            else:
                merged.append(piece)
    return merged


def _pieces(
    since: datetime, until: datetime, grains: Sequence[int], minutes_since: datetime
) -> Iterator[Segment]:
    """The longest grain in the middle, shorter ones at both ends."""
    if since >= until:
        return
    if not grains:
        yield Segment(EVENTS, since, until)
        return
    *shorter, longest = grains
    step = timedelta(minutes=longest)
    first = _EPOCH - (_EPOCH - since) // step * step
    last = _EPOCH + (until - _EPOCH) // step * step
    if first >= last or (longest == 1 and first < minutes_since):
        yield from _pieces(since, until, shorter, minutes_since)
        return
    yield from _pieces(since, first, shorter, minutes_since)
    yield Segment(longest, first, last)
    yield from _pieces(last, until, shorter, minutes_since)


def previous_window(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The window before, as long by the zone's calendar: whole months for whole months."""
    first, last = since.astimezone(zone), until.astimezone(zone)
    wall_first, wall_last = first.replace(tzinfo=None), last.replace(tzinfo=None)
    if _is_month_start(wall_first) and _is_month_start(wall_last):
        months = (wall_last.year - wall_first.year) * 12 + wall_last.month - wall_first.month
        number = wall_first.year * 12 + wall_first.month - 1 - months
        before = wall_first.replace(year=number // 12, month=number % 12 + 1)
    else:
        before = wall_first - (wall_last - wall_first)
    return before.replace(tzinfo=zone).astimezone(UTC), since.astimezone(UTC)


def _is_month_start(wall: datetime) -> bool:
    return wall == wall.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
