from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.notices.webhooks.backoff import MOST_ATTEMPTS, WAITS, wait_after

jitters = st.floats(0, 1, exclude_max=True)


def test_ten_attempts_span_three_days() -> None:
    waits = [wait_after(count, jitter=0) for count in range(1, MOST_ATTEMPTS + 1)]
    assert waits == [*WAITS, None]
    assert (waits[0], waits[-2]) == (timedelta(seconds=5), timedelta(hours=24))
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@given(count=st.integers(1, MOST_ATTEMPTS - 1), jitter=jitters)
def test_jitter_only_makes_a_wait_a_little_longer(count: int, jitter: float) -> None:
    wait = wait_after(count, jitter=jitter)
    assert wait is not None
    assert (WAITS[count - 1] <= wait <= WAITS[count - 1] * 1.1) is True


@given(count=st.integers(MOST_ATTEMPTS) | st.integers(max_value=0), jitter=jitters)
def test_after_the_last_attempt_it_is_given_up(count: int, jitter: float) -> None:
    assert wait_after(count, jitter=jitter) is None
