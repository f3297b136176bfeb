import time

from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.ids import BASE62, base62, random_base62, uuid7


def test_a_uuid7_has_its_version_variant_and_time() -> None:
    before = time.time_ns() // 1_000_000
    value = uuid7()
    after = time.time_ns() // 1_000_000

    assert (value.version, value.variant) == (7, "specified in RFC 4122")
    assert before <= value.int >> 80 <= after


def test_uuid7s_do_not_repeat() -> None:
    assert len({uuid7() for _ in range(1000)}) == 1000


@given(st.integers(min_value=0, max_value=2**40))
def test_base62_is_reversible(value: int) -> None:
    text = base62(value, 6)

    decoded = 0
    for digit in text:
        decoded = decoded * 62 + BASE62.index(digit)
    assert decoded == value


def test_base62_is_padded_to_its_width() -> None:
    assert base62(61, 6) == "00000z"


def test_random_digits_are_base62_and_differ() -> None:
    first, second = random_base62(30), random_base62(30)

    assert set(first) <= set(BASE62)
    assert len(first) == 30
    assert first != second
