from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.proxy.breaker import FAILURES, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Breakers

KEY, OTHER = (UUID(int=1), UUID(int=1), ""), (UUID(int=2), UUID(int=1), "")


def opened(at: float = 0.0) -> Breakers:
    breakers = Breakers()
    for _ in range(FAILURES):
        breakers.fail(KEY, now=at)
    return breakers


def test_it_opens_after_failures_in_a_row_and_for_one_credential_only() -> None:
    breakers = Breakers()
    for _ in range(FAILURES - 1):
        breakers.fail(KEY, now=0)
    assert not breakers.is_open(KEY, now=0)
    breakers.fail(KEY, now=0)
    assert breakers.is_open(KEY, now=0)
    assert not breakers.is_open(OTHER, now=0)
    assert breakers.open_count(now=0) == 1


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breakers = Breakers()
    for _ in range(FAILURES - 1):
        breakers.fail(KEY, now=0)
    breakers.succeed(KEY)
    breakers.fail(KEY, now=0)
    assert not breakers.is_open(KEY, now=0)


def test_after_the_pause_one_call_probes_while_others_stay_away() -> None:
    breakers = opened()
    later = FIRST_PAUSE_SECONDS + 0.1
    assert not breakers.is_open(KEY, now=later)
    breakers.admit(KEY, now=later)
    assert breakers.is_open(KEY, now=later + 0.1)
    breakers.succeed(KEY)
    assert not breakers.is_open(KEY, now=later + 0.2)


def test_a_failed_probe_opens_it_for_twice_as_long() -> None:
    breakers = opened()
    breakers.fail(KEY, now=10)
    assert breakers.is_open(KEY, now=10 + 2 * FIRST_PAUSE_SECONDS - 0.1)
    assert not breakers.is_open(KEY, now=10 + 2 * FIRST_PAUSE_SECONDS)


def test_a_provider_that_asks_to_be_left_alone_is() -> None:
    breakers = Breakers()
    breakers.rest(KEY, until=3)
    assert breakers.is_open(KEY, now=2.9)
    assert not breakers.is_open(KEY, now=3)


@given(st.integers(min_value=FAILURES, max_value=200))
def test_it_is_probed_again_at_the_latest_after_the_longest_pause(failures: int) -> None:
    breakers = Breakers()
    for _ in range(failures):
        breakers.fail(KEY, now=0)
    assert not breakers.is_open(KEY, now=LONGEST_PAUSE_SECONDS)


def test_no_more_circuits_are_kept_than_may_be_and_the_oldest_goes_first() -> None:
    breakers = Breakers(most=1)
    breakers.rest(KEY, until=9.0)
    breakers.rest(OTHER, until=9.0)
    assert (breakers.is_open(KEY, now=1), breakers.is_open(OTHER, now=1)) == (False, True)
