"""Expected reads follow from past arrivals only, and memory is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.prefix import PrefixStatistics
from apps.optimization.prefix.blocks import Boundary
from tests.optimization.patience import PATIENT


def _arrive(statistics: PrefixStatistics, at_s: float, *names: str) -> list[tuple[int, int]]:
    ends = [Boundary(name.encode(), 1_000 * (n + 1)) for n, name in enumerate(names)]
    found = statistics.arrive(ends, namespace="o/p", at_s=at_s)
    return [(stretch.end, stretch.seen) for stretch in found]


def test_boundaries_that_arrived_equally_often_are_one_stretch() -> None:
    statistics = PrefixStatistics()
    assert _arrive(statistics, 0, "a", "b", "c") == [(2, 0)]
    assert _arrive(statistics, 1, "a", "b", "d") == [(1, 1), (2, 0)]
    assert _arrive(statistics, 2, "a", "e") == [(0, 2), (1, 0)]


def test_what_returns_in_time_is_expected_to_return() -> None:
    often, seldom = PrefixStatistics(), PrefixStatistics()
    for n in range(50):
        _arrive(often, n * 60.0, "a")
        _arrive(seldom, n * 600.0, "a")
    ends = [Boundary(b"a", 1_000)]
    [often_a] = often.arrive(ends, namespace="o/p", at_s=3_000)
    [seldom_a] = seldom.arrive(ends, namespace="o/p", at_s=30_000)
    assert often_a.returns[0] > 0.9
    assert seldom_a.returns[0] < 0.1 < 0.9 < seldom_a.returns[1]


def test_an_arrival_counts_only_once_its_time_is_over() -> None:
    statistics = PrefixStatistics()
    before = statistics.arrive([Boundary(b"a", 9)], namespace="o/p", at_s=0)
    soon = statistics.arrive([Boundary(b"b", 9)], namespace="o/p", at_s=299)
    late = statistics.arrive([Boundary(b"c", 9)], namespace="o/p", at_s=301)
    assert soon[0].returns == before[0].returns
    assert late[0].returns[0] < before[0].returns[0]


@PATIENT
@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4))
    )
)
def test_memory_is_bounded_and_probabilities_are_probabilities(
    calls: list[tuple[float, list[str]]],
) -> None:
    statistics = PrefixStatistics(capacity=3)
    now_s = 0.0
    for after_s, names in calls:
        now_s += after_s
        ends = [Boundary("".join(names[: n + 1]).encode(), n + 1) for n in range(len(names))]
        for stretch in statistics.arrive(ends, namespace="o/p", at_s=now_s):
            assert 0 < min(stretch.returns) <= max(stretch.returns) < 1
        assert len(statistics) <= 3
