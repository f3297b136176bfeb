import csv
import io
import json
from decimal import Decimal
from typing import Any

import orjson
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.usage.exports.columns import COLUMNS, Row
from apps.usage.exports.delimited import FORMULA_STARTS, cell, csv_chunks
from apps.usage.exports.lines import jsonl_chunks
from apps.usage.exports.parquet import parquet_chunks
from tests.usage.exports.records import row, rows

COST = COLUMNS.index("actual_usd")


def total(given_rows: list[Row]) -> Decimal:
    return sum((each[COST] for each in given_rows if each[COST] is not None), Decimal(0))


def halves(given_rows: list[Row]) -> list[list[Row]]:
    middle = len(given_rows) // 2
    return [half for half in (given_rows[:middle], given_rows[middle:]) if half]


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@settings(max_examples=50, deadline=None)
@given(rows())
def test_every_format_sums_to_the_events_exactly(given_rows: list[Row]) -> None:
    as_csv = read_csv(b"".join(csv_chunks(COLUMNS, halves(given_rows))))
    as_lines = b"".join(jsonl_chunks(COLUMNS, halves(given_rows))).splitlines()
    as_json = [orjson.loads(line) for line in as_lines]
    as_table = pq.read_table(
        io.BytesIO(b"".join(parquet_chunks(COLUMNS, halves(given_rows))))
    ).to_pylist()
    wanted = (total(given_rows), len(given_rows), [str(each[0]) for each in given_rows])
    for found in (as_csv, as_json, as_table):
        costs = [
            Decimal(each["actual_usd"]) for each in found if each["actual_usd"] not in (None, "")
        ]
        assert (sum(costs, Decimal(0)), len(found), [each["id"] for each in found]) == wanted


@settings(deadline=None)
@given(st.text())
def test_no_cell_is_a_formula(text: str) -> None:
    shown = cell(text)
    assert shown[:1] not in FORMULA_STARTS
    assert shown.removeprefix("'") == text.removeprefix("'")


def test_figures_below_zero_stay_figures() -> None:
    assert (cell(Decimal("-1E-7")), cell(-3)) == ("-0.0000001", "-3")


def test_unpriced_is_empty_and_free_is_zero() -> None:
    given_rows = [row(), row(actual_usd=Decimal("0E-18"))]
    costs = [each["actual_usd"] for each in read_csv(b"".join(csv_chunks(COLUMNS, [given_rows])))]
    assert costs == ["", "0.000000000000000000"]


def test_a_line_holds_what_is_nested_and_amounts_as_text() -> None:
    given_row = row(tags={"team": "search"}, actual_usd=Decimal("0.000000000000000001"))
    line: dict[str, Any] = json.loads(b"".join(jsonl_chunks(COLUMNS, [[given_row]])))
    assert (line["tags"], line["actual_usd"]) == ({"team": "search"}, "0.000000000000000001")
    assert (line["started_at"], list(line)) == ("2026-03-15T12:00:00Z", list(COLUMNS))


def test_a_parquet_file_of_nothing_has_its_columns() -> None:
    table = pq.read_table(io.BytesIO(b"".join(parquet_chunks(COLUMNS, []))))
    assert (table.num_rows, table.column_names) == (0, list(COLUMNS))
    assert str(table.schema.field("actual_usd").type) == "decimal128(38, 18)"
    assert str(table.schema.field("started_at").type) == "timestamp[us, tz=UTC]"
