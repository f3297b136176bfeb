"""When calls are put off, and until when a batch may answer them."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.deadlines.deferral import LONGEST_WAIT, fallback_at, may_batch

AT = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_a_quarter_of_an_hour_is_too_short_for_a_batch() -> None:
    assert [may_batch(timedelta(minutes=each)) for each in (15, 16)] == [False, True]


@given(st.timedeltas(min_value=timedelta(minutes=15), max_value=LONGEST_WAIT))
def test_the_ordinary_tier_is_asked_before_the_deadline_and_not_too_early(
    within: timedelta,
) -> None:
    due_at = AT + within
    asked_at = fallback_at(started_at=AT, due_at=due_at)
    assert AT < asked_at < due_at
    assert due_at - asked_at <= timedelta(minutes=30)
    assert due_at - asked_at >= min(within / 4, timedelta(minutes=30)) - timedelta(microseconds=1)
