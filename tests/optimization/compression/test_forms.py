"""A shorter form holds the same data, or there is none."""

import json
from typing import Any

import orjson
import pytest
import toons
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.compression import shorter_form
from tests.optimization.patience import PATIENT

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
TABLE = [{"flight": f"HAT{n:03}", "seats": n, "price": n * 1.5} for n in range(40)]


@PATIENT
@given(st.lists(_DATA | st.just({"key": "value " * 30}), min_size=1, max_size=5))
def test_any_form_reads_back_as_the_same_data(data: list[Any]) -> None:
    result = json.dumps(data, indent=2)
    form = shorter_form(result)
    if form:
        read = toons.loads(form.text) if form.kind == "toon" else json.loads(form.text)
        assert read == json.loads(result)
        assert len(form.text) < len(result)


def test_a_table_becomes_toon_and_less_than_half() -> None:
    result = json.dumps(TABLE)
    form = shorter_form(result)
    assert form
    assert form.kind == "toon"
    assert len(form.text) < len(result) / 2


def test_where_toon_is_not_certified_json_is_minified() -> None:
    form = shorter_form(json.dumps(TABLE, indent=2), allow_toon=False)
    assert form
    assert (form.kind, form.text) == ("json", orjson.dumps(TABLE).decode())


@pytest.mark.parametrize(
    "result",
    [
        "[1, 2]",
        "The flight was cancelled. " * 20,
        "{broken" + " " * 300,
        '{"a": 1, "a": 2' + " " * 300 + "}",
        '{"a": 1e3' + " " * 300 + "}",
        '{"a": 123456789012345678901234567890' + " " * 300 + "}",
        json.dumps(["x" * 300], separators=(",", ":")),
    ],
)
def test_what_is_short_no_json_or_would_change_is_left_alone(result: str) -> None:
    assert shorter_form(result) is None
