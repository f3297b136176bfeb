"""An array loses elements and not a byte of anything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.optimization.prefix import UnknownPlace, with_only
from tests.optimization.patience import PATIENT

VALUES = st.none() | st.integers() | st.text() | st.lists(st.text(), max_size=2)


@PATIENT
@given(st.lists(VALUES, min_size=1, max_size=6), st.data(), st.sampled_from([None, 1, "\t"]))
def test_only_what_is_kept_is_left(values: list[Any], data: st.DataObject, indent: Any) -> None:
    kept = sorted(data.draw(st.sets(st.sampled_from(range(len(values))), min_size=1)))
    body = json.dumps({"a": 1.0, "tools": values, "z": [1]}, indent=indent).encode()
    changed = with_only(body, "tools", kept, of=len(values))
    assert json.loads(changed) == {"a": 1.0, "tools": [values[n] for n in kept], "z": [1]}
    assert len(changed) <= len(body)
    before, after = body.split(b"[", 1)[0], body.rsplit(b"]", 2)[1]
    assert changed.startswith(before)
    assert after in changed


def test_the_bytes_between_are_the_callers() -> None:
    body = b'{ "tools" : [ {"a":1.0} ,\n {"b" : 2} , {"c":3}\n] ,"x":1e5}'
    assert with_only(body, "tools", [0, 2], of=3) == (
        b'{ "tools" : [ {"a":1.0} ,\n {"c":3}\n] ,"x":1e5}'
    )
    assert with_only(body, "tools", [1], of=3) == b'{ "tools" : [ {"b" : 2}\n] ,"x":1e5}'


def test_what_is_not_there_cannot_be_kept() -> None:
    with pytest.raises(UnknownPlace):
        with_only(b'{"tools": [1]}', "tools", [0], of=2)
