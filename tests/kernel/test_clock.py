from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.kernel.clock import NaiveTime, Period, require_aware, utc_now

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


def test_an_instant_is_turned_into_utc() -> None:
    berlin = datetime(2026, 11, 21, 13, tzinfo=timezone(HOUR))

    assert require_aware(berlin).isoformat() == "2026-11-21T12:00:00+00:00"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(NaiveTime):
        require_aware(NOON.replace(tzinfo=None))


def test_a_period_holds_its_start_and_not_its_end() -> None:
    period = Period(NOON, NOON + HOUR)

    assert [at in period for at in (NOON - HOUR, NOON, NOON + HOUR / 2, NOON + HOUR)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("end", [NOON, NOON - HOUR])
def test_a_period_must_end_after_it_starts(end: datetime) -> None:
    with pytest.raises(ValueError, match="end after it starts"):
        Period(NOON, end)
