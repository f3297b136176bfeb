"""Looking at growing evidence without being fooled by it: few looks, each with its own share."""

from collections.abc import Iterator
from itertools import count, takewhile


def confidence_left(error_rate: float, look: int) -> float:
    """The error rate of the look number `look` (1, 2, …): those of all looks sum to `error_rate`,

    so that bounds at looks hold together, however many follow.
    """
    return error_rate / (look * (look + 1))


def look_number(seen: int, *, first: int, ratio: float) -> int:
    """How many looks there were by then: at first, first * ratio, first * ratio² … requests."""
    return sum(1 for _ in takewhile(lambda size: size <= seen, _sizes(first, ratio)))


def _sizes(first: int, ratio: float) -> Iterator[int]:
    return (int(first * ratio**n) for n in count())
