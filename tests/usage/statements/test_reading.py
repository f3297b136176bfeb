import csv
import io
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.usage.statements import SOURCES, Columns, InvalidStatement, comparable, read_statement

MARCH = date(2026, 3, 1)
PLAIN = Columns("day", "usd", "model", "currency")
_DAYS = {
    "2026-03-01": "1772323200,1772409600,2026-03-01T00:00:00+00:00,2026-03-02T00:00:00+00:00",
    "2026-03-02": "1772409600,1772496000,2026-03-02T00:00:00+00:00,2026-03-03T00:00:00+00:00",
    "2026-04-01": "1775001600,1775088000,2026-04-01T00:00:00+00:00,2026-04-02T00:00:00+00:00",
}
OPENAI = f"""start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item
{_DAYS["2026-03-01"]},0.8958740000000000000001,usd,"gpt-4o-2024-08-06, input"
{_DAYS["2026-03-01"]},0.1,usd,"gpt-4o-2024-08-06, output"
{_DAYS["2026-03-02"]},,,
{_DAYS["2026-04-01"]},9,usd,"gpt-4o-2024-08-06, input"
"""
ANTHROPIC = """\ufeffusage_date_utc,model,workspace,token_type,cost_usd
2026-03-31,Claude Sonnet 4.5,Default,input_no_cache,1.25
2026-03-31,Claude Sonnet 4.5,Default,output,0.75
2026-03-31,Claude Haiku 4.5,Default,output,0.5
"""


def test_a_cost_export_of_openai() -> None:
    found = read_statement(OPENAI.encode(), SOURCES["openai"], MARCH)
    assert found.sums == {(MARCH, "gpt-4o-2024-08-06"): Decimal("0.995874")}
    assert (found.row_count, found.outside_count) == (3, 1)


def test_a_cost_export_of_anthropic() -> None:
    found = read_statement(ANTHROPIC.encode(), SOURCES["anthropic"], MARCH)
    last = date(2026, 3, 31)
    assert found.sums == {
        (last, "Claude Sonnet 4.5"): Decimal(2),
        (last, "Claude Haiku 4.5"): Decimal("0.5"),
    }


_rows = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.decimals(min_value=-(10**6), max_value=10**6, places=18),
        st.sampled_from(["gpt-5", "o3, input", ""]),
    ),
    min_size=1,
)


@settings(deadline=None)
@given(_rows)
def test_the_amounts_of_any_file_are_summed_exactly(rows: list[tuple[int, Decimal, str]]) -> None:
    text = io.StringIO()
    lines = [(MARCH + timedelta(days=n), f"{usd:f}", model, "USD") for n, usd, model in rows]
    csv.writer(text).writerows([("day", "usd", "model", "currency"), *lines])
    found = read_statement(text.getvalue().encode(), PLAIN, MARCH)
    with localcontext(prec=60):
        assert sum(found.sums.values()) == sum(usd for _, usd, _ in rows)
    assert found.row_count == len(rows)


@pytest.mark.parametrize("day", ["2026-03-31", "2026-03-31T23:59:59Z", "1774915200", "20260331"])
def test_days_are_dates_instants_or_seconds(day: str) -> None:
    found = read_statement(f"day,usd\n{day},$1\n".encode(), Columns("day", "usd"), MARCH)
    assert list(found.sums) == [(date(2026, 3, 31), "")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,usd,model\n", "has no column currency"),
        ("usage_date_utc,usage_output_tokens\n", "Export costs, not usage"),
        ("day,usd,model,currency\n2026-03-01,x,m,usd\n", "line 2: 'x' is no amount"),
        ("day,usd,model,currency\n2026-03-01,nan,m,usd\n", "line 2: 'nan' is no amount"),
        ("day,usd,model,currency\n2026-03-01,1e99,m,usd\n", "is no amount"),
        ("day,usd,model,currency\nsoon,1,m,usd\n", "line 2: 'soon' is no date"),
        ("day,usd,model,currency\n2026-03-01,1,m,eur\n", "the currency is eur"),
        ("day,usd,model,currency\n2026-04-01,1,m,usd\n", "no costs of 2026-03"),
        ('day,usd,model,currency\n2026-03-01,1,"m"x,usd\n', "no CSV, after line 1"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidStatement) as raised:
        read_statement(text.encode(), PLAIN, MARCH)
    assert said in raised.value.detail


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidStatement):
        read_statement(b"\xff\xfe", PLAIN, MARCH)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    header = b"day,usd,model,currency\n"
    with suppress(InvalidStatement):
        read_statement(header + data, PLAIN, MARCH)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claude Sonnet 3.5", "claude-3-5-sonnet-20241022"),
        ("Claude Haiku 4.5", "claude-haiku-4-5-20251001"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
    ],
)
def test_names_of_one_model_compare_equal(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


def test_names_of_two_models_do_not() -> None:
    assert len({comparable(name) for name in ("gpt-4o", "gpt-4o-mini", "gpt-5", "o3")}) == 4
