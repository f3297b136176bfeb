import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.tenants.vault import CannotOpen, binding, new_data_key, seal, unseal

ACME, GLOBEX = uuid.UUID(int=1), uuid.UUID(int=2)


@given(plaintext=st.binary(max_size=500), bound_to=st.binary(max_size=50))
def test_what_is_sealed_opens_with_key_and_binding(plaintext: bytes, bound_to: bytes) -> None:
    key = new_data_key()

    assert unseal(key, seal(key, plaintext, bound_to=bound_to), bound_to=bound_to) == plaintext


def test_a_value_copied_to_another_organization_does_not_open() -> None:
    key = new_data_key()
    sealed = seal(key, b"sk-secret", bound_to=binding(ACME, "credential:openai"))

    with pytest.raises(CannotOpen):
        unseal(key, sealed, bound_to=binding(GLOBEX, "credential:openai"))


@given(position=st.integers(0, 36), flip=st.integers(1, 255))
def test_a_damaged_value_does_not_open(position: int, flip: int) -> None:
    key = new_data_key()
    sealed = bytearray(seal(key, b"sk-secret", bound_to=b"here"))
    sealed[position] ^= flip

    with pytest.raises(CannotOpen):
        unseal(key, bytes(sealed), bound_to=b"here")


def test_another_key_does_not_open_it() -> None:
    sealed = seal(new_data_key(), b"sk-secret", bound_to=b"here")

    with pytest.raises(CannotOpen):
        unseal(new_data_key(), sealed, bound_to=b"here")


def test_equal_values_are_sealed_differently() -> None:
    key = new_data_key()

    assert seal(key, b"same", bound_to=b"") != seal(key, b"same", bound_to=b"")
