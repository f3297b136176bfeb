import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.ids import BASE62
from apps.tenants.key_format import digest, is_well_formed, new_key


@pytest.mark.parametrize(("is_test", "prefix"), [(False, "nap_live_"), (True, "nap_test_")])
def test_a_new_key_has_prefix_thirty_digits_and_checksum(is_test: bool, prefix: str) -> None:
    text = new_key(is_test=is_test).value

    assert text.startswith(prefix)
    assert len(text) == len(prefix) + 36
    assert is_well_formed(text)


def test_the_checksum_is_crc32_of_what_stands_before_it() -> None:
    text = new_key(is_test=False).value

    value = 0
    for digit in text[-6:]:
        value = value * 62 + BASE62.index(digit)
    assert value == zlib.crc32(text[:-6].encode())


@given(position=st.integers(0, 44), replacement=st.sampled_from(BASE62))
def test_a_mistyped_key_is_recognised_as_such(position: int, replacement: str) -> None:
    text = new_key(is_test=True).value
    mistyped = text[:position] + replacement + text[position + 1 :]

    assert is_well_formed(mistyped) == (mistyped == text)


@pytest.mark.parametrize("text", ["", "sk-abc", "nap_live_", "nap_prod_" + "a" * 36])
def test_other_text_is_not_a_key(text: str) -> None:
    assert not is_well_formed(text)


def test_the_repr_of_a_key_hides_it() -> None:
    key = new_key(is_test=False)

    assert key.value not in repr(key)
    assert key.hint == f"nap_live_…{key.value[-4:]}"


def test_the_digest_depends_on_the_pepper() -> None:
    text = new_key(is_test=False).value

    assert digest(text, b"a" * 32) == digest(text, b"a" * 32)
    assert digest(text, b"a" * 32) != digest(text, b"b" * 32)
