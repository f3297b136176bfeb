import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.usage.imports.formats import Broken
from apps.usage.imports.reading import CSV, JSON, JSONL, READERS, Place, container_of
from apps.usage.imports.reading import items as items_module

RECORDS = st.lists(
    st.dictionaries(
        st.text(max_size=5), st.text(max_size=20) | st.integers(-(2**53), 2**53), min_size=1
    ),
    min_size=1,
    max_size=12,
)
CELLS = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(' "\n,'), min_size=1)


def read(content: bytes) -> list[Any]:
    """Line and value of each record; a reason instead of a broken one."""
    container, place = container_of(io.BytesIO(content))
    found = READERS[container](io.BytesIO(content), place)
    return [
        (item.line, str(item.value) if isinstance(item.value, Broken) else item.value)
        for item in found
    ]


def read_in_pieces(content: bytes) -> list[Any]:
    """The same, each record by a reader of its own, as after a kill."""
    container, place = container_of(io.BytesIO(content))
    found = []
    while item := next(READERS[container](io.BytesIO(content), place), None):
        found.append((item.line, item.value))
        place = item.place
    return found


@given(RECORDS, st.sampled_from(["lines", "compact", "pretty", "page", "one by one"]))
def test_every_record_of_every_container_is_read_once_from_any_place(
    records: list[Any], shape: str
) -> None:
    content = {
        "lines": "\n".join(map(json.dumps, records)),
        "compact": json.dumps(records),
        "pretty": json.dumps(records, indent=2),
        "page": json.dumps({"object": "list", "data": records, "has_more": False}),
        "one by one": "\n".join(json.dumps(record, indent=1) for record in records),
    }[shape].encode()
    assert [value for _, value in read(content)] == records
    assert [value for _, value in read_in_pieces(content)] == records


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12))
def test_tables_keep_line_breaks_and_quotes_in_their_cells(rows: list[Any]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("a", "b", "c"), *rows])
    content = file.getvalue().encode()
    expected = [dict(zip("abc", row, strict=True)) for row in rows]
    assert [value for _, value in read(content)] == expected
    assert [value for _, value in read_in_pieces(content)] == expected


def test_a_mark_at_the_beginning_is_no_part_of_the_first_record() -> None:
    for content in (b'{"a":1}\n{"a":2}', b'[{"a":1},\n{"a":2}]', b"a\n1\n2\n"):
        container, place = container_of(io.BytesIO(b"\xef\xbb\xbf" + content))
        found = READERS[container](io.BytesIO(b"\xef\xbb\xbf" + content), place)
        assert [str(item.value["a"]) for item in found] == ["1", "2"]  # type: ignore[index]


def test_a_broken_line_costs_itself_only() -> None:
    content = b'{"a":1}\n{"a":\n\nno\n[1]\n{"a":2}\r\n{"a":3'
    assert read(content) == [
        (1, {"a": 1}),
        (2, "this is no JSON: unexpected end of data at character 6"),
        (4, "this is no JSON: invalid literal, expected 'null' at character 1"),
        (5, "this is no JSON object"),
        (6, {"a": 2}),
        (7, "this is no JSON: unexpected end of data at character 7"),
    ]


def test_a_file_whose_first_line_is_broken_is_still_one_of_lines() -> None:
    assert [line for line, _ in read(b'{"a":\n{"a":2}\n')] == [1, 2]
    assert [line for line, _ in read(b'oops\n{"a":2}\n')] == [1, 2]


def test_a_broken_object_of_a_document_does_not_take_the_next_ones_with_it() -> None:
    content = b'[\n  {"a": 1},\n  {"a": "unclosed},\n  {"a": 3},\n  {"a": }\n]'
    assert read(content) == [
        (2, {"a": 1}),
        (3, "this is no whole object"),
        (4, {"a": 3}),
        (5, "this is no JSON: unexpected character, expected a JSON value at character 7"),
    ]


def test_a_quote_that_never_closes_costs_its_line_only() -> None:
    content = b'a,b\n1,2\n3,"4\n5,6\n7,"8\n9,0\n'
    assert [(line, value) for line, value in read(content) if isinstance(value, dict)] == [
        (2, {"a": "1", "b": "2"}),
        (4, {"a": "5", "b": "6"}),
        (6, {"a": "9", "b": "0"}),
    ]
    assert [line for line, value in read(content) if isinstance(value, str)] == [3, 5]


def test_a_row_with_too_few_cells_says_so() -> None:
    assert read(b"a,b\n1\n3,4\n") == [
        (2, "the row has 1 cells, the header 2"),
        (3, {"a": "3", "b": "4"}),
    ]


@pytest.mark.parametrize("container", [JSONL, CSV])
def test_a_line_that_is_too_long_is_passed_over_without_being_held(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items_module, "MOST_RECORD_BYTES", 20)
    first = b"a\n" if container == CSV else b'{"a":1}\n'
    last = b"2\n" if container == CSV else b'{"a":2}\n'
    content = first + b"x" * 5_000_000 + b"\n" + last
    found = list(READERS[container](io.BytesIO(content), Place()))
    assert [isinstance(item.value, Broken) for item in found][-2:] == [True, False]
    assert found[-1].line == 3


def test_containers_are_told_apart() -> None:
    assert container_of(io.BytesIO(b'\n{"a":1}\n'))[0] == JSONL
    assert container_of(io.BytesIO(b' [ {"a":1} ]')) == (JSON, Place(2, 0))
    assert container_of(io.BytesIO(b'{\n"a":1}'))[0] == JSON
    assert container_of(io.BytesIO(b"a,b\n1,2\n"))[0] == CSV
