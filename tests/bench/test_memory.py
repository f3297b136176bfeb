"""Memory is compared in processes that had time to grow, if possible in the same one."""

from bench.soaking.memory import Growth, Sample, growths


def lived(what: str, pid: int, since: int, until: int, mb: float) -> list[Sample]:
    return [Sample(float(at), what, pid, mb) for at in range(since, until, 5)]


def test_a_process_that_lived_through_is_compared_with_itself() -> None:
    old = lived("gateway worker", 1, 0, 500, 100.0) + lived("gateway worker", 1, 500, 1001, 103.0)
    young = lived("gateway worker", 2, 800, 1001, 900.0)
    [growth] = growths(old + young, since=0, until=1000)
    assert growth == Growth("gateway worker", 100.0, 103.0, 2, is_one=True)
    assert growth.ratio == 1.03


def test_others_are_compared_once_they_have_grown() -> None:
    first = lived("web", 1, 200, 245, 20.0) + lived("web", 1, 245, 480, 100.0)
    second = lived("web", 2, 700, 745, 30.0) + lived("web", 2, 745, 1001, 110.0)
    [growth] = growths(first + second, since=0, until=1000)
    assert growth == Growth("web", 100.0, 110.0, 2, is_one=False)


def test_nothing_is_said_of_what_was_not_there_in_both_quarters() -> None:
    assert growths(lived("beat", 1, 0, 200, 50.0), since=0, until=1000) == []
