from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.usage.store.windows import Segment, bucket_starts, cover, previous_window

GRAINS = (1, 15, 60, 1440)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
zones = st.sampled_from(ZONES).map(ZoneInfo)
months = st.tuples(st.integers(2024, 2027), st.integers(1, 12))
EVER = datetime(2000, 1, 1, tzinfo=UTC)


def local_month(year: int, number: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start = datetime(year, number, 1, tzinfo=zone)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


@given(months, zones, st.sampled_from(["hour", "day", "week", "month", None]))
def test_segments_tile_the_month_without_gap_or_overlap(
    month: tuple[int, int], zone: ZoneInfo, granularity: str
) -> None:
    since, until = local_month(*month, zone)
    starts = list(bucket_starts(since, until, granularity, zone))  # type: ignore[arg-type]
    segments = sorted(cover([*starts, until], GRAINS, until), key=lambda each: each.since)
    assert (segments[0].since, segments[-1].until) == (since, until)
    assert all(a.until == b.since for a, b in zip(segments, segments[1:], strict=False))
    assert 0 not in {segment.grain for segment in segments}
    for grain, start, end in segments:
        assert start.timestamp() % (grain * 60) == end.timestamp() % (grain * 60) == 0


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Berlin", 29, 23), ("Europe/Berlin", 28, 24), ("America/New_York", 8, 23)],
)
def test_a_day_is_as_long_as_its_clocks_say(zone: str, day: int, hours: int) -> None:
    place = ZoneInfo(zone)
    since = datetime(2026, 3, day, tzinfo=place)
    starts = list(bucket_starts(since, since + timedelta(days=3), "day", place))
    assert starts[1] - starts[0] == timedelta(hours=hours)


def test_whole_days_come_from_days_and_edges_from_hours() -> None:
    since, until = local_month(2026, 1, ZoneInfo("America/New_York"))
    first, last = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert cover([since, until], GRAINS, EVER) == [
        Segment(60, since, first), Segment(1440, first, last), Segment(60, last, until),
    ]  # fmt: skip


def test_minutes_that_are_gone_come_from_events() -> None:
    since = datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
    until = since.replace(minute=15)
    assert cover([since, until], GRAINS, EVER) == [Segment(1, since, until)]
    assert cover([since, until], GRAINS, until) == [Segment(0, since, until)]


def test_the_window_before_follows_the_calendar() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    april = local_month(2026, 4, berlin)
    assert previous_window(*april, berlin) == local_month(2026, 3, berlin)
    monday = datetime(2026, 3, 30, tzinfo=berlin)
    before = previous_window(monday, monday + timedelta(days=7), berlin)
    assert before == (datetime(2026, 3, 22, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
