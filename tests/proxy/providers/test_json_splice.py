"""One member is changed, and no other byte."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.proxy.providers.json_splice import add_member, replace_values

NEW = b'"new/model"'
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
keys = st.sampled_from(["model", "messages", "mod\\el", 'mo"del', "Model", "müdel", ""])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)
spaces = st.text(" \t\r\n", max_size=3)


@st.composite
def objects(draw: st.DrawFn) -> tuple[bytes, bytes, bool]:
    """An object's text with duplicate keys and odd spaces, the same with `model` changed, and
    whether there was one.
    """
    members = draw(st.lists(st.tuples(keys, values, st.booleans(), spaces, spaces), max_size=6))
    before, after = [], []
    for key, value, is_ascii, left, right in members:
        name = json.dumps(key, ensure_ascii=is_ascii)
        text = json.dumps(value, ensure_ascii=is_ascii, indent=1 if left else None)
        before.append(f"{left}{name}{right}:{left}{text}{right}")
        changed = NEW.decode() if key == "model" else text
        after.append(f"{left}{name}{right}:{left}{changed}{right}")
    start, end = draw(spaces), draw(spaces)
    old, new = (f"{start}{{{','.join(parts) or end}}}{end}".encode() for parts in (before, after))
    return old, new, any(member[0] == "model" for member in members)


@given(objects())
def test_every_top_level_occurrence_changes_and_nothing_else(
    case: tuple[bytes, bytes, bool],
) -> None:
    old, new, _ = case
    assert replace_values(old, "model", lambda _: NEW) == new


@given(objects())
def test_a_member_is_added_in_front_of_the_others(case: tuple[bytes, bytes, bool]) -> None:
    old, _, _ = case
    changed = add_member(old, "added", b'{"x":1}')
    expected: dict[str, Any] = {"added": {"x": 1}} | json.loads(old)
    assert json.loads(changed) == expected
    inner = old[old.index(b"{") + 1 :]
    assert changed.endswith(inner)
    assert changed.startswith(old[: len(old) - len(inner)])


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1.0,"model":%b,"b":1e5}',
        b'{"model":%b,"n":123456789012345678901234567890}',
        b'{"mod\\u0065l":%b}',
        b'{"a":{"model":"x"},"b":["model","x"],"model":%b}',
        b'{"a":"\\"model\\":\\"x\\"","model":%b}',
        b"{}",
    ],
)
def test_what_other_tools_would_rewrite_stays(body: bytes) -> None:
    old, new = (body.replace(b"%b", value) for value in (b'"x"', NEW))
    assert replace_values(old, "model", lambda _: NEW) == new


def test_numbers_of_any_length_stay() -> None:
    body = b'{"n":' + b"9" * 6000 + b',"model":"x"}'
    assert replace_values(body, "model", lambda _: NEW) == body.replace(b'"x"', NEW)


def test_the_old_value_is_shown_as_it_stands() -> None:
    seen = []
    replace_values(b'{ "o" : { "a" : 1.0 } }', "o", lambda old: seen.append(old) or old)  # type: ignore[func-returns-value]
    assert seen == [b'{ "a" : 1.0 }']


def test_what_has_no_object_gets_no_member() -> None:
    with pytest.raises(ValueError, match="no object"):
        add_member(orjson.dumps([1]), "a", b"1")
