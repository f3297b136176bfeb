"""Cost exports as CSV: OpenAI's, Anthropic's, and any other by the names of its columns.

OpenAI: platform.openai.com, Usage, Export, costs (`start_time_iso`, `amount_value`, `line_item`).
Anthropic: Claude console, Cost, Export (`usage_date_utc`, `model`, `cost_usd`). Both count days in
UTC. What a provider's usage export lacks, the cost, is said when it is given instead.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from apps.kernel.errors import NetraError

MOST_BYTES = 8 * 1024 * 1024
MOST_SUMS = 20_000
MOST_ERRORS = 5
LONGEST_NAME = 200
_PLACES = Decimal(1).scaleb(-18)
_MOST_USD = Decimal(10) ** 12
_EXACT = Context(prec=60)


class InvalidStatement(NetraError):
    code = "invalid_statement"
    http_status = 400
    message = "This file cannot be read. Export the costs of one month as CSV and send them again."


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a file says when, how much, for which model and in which currency.

    day: a date, an instant, or seconds since 1970. amount: decimal. model: up to the first comma
    is its name. Without currency the amounts are US dollars.
    """

    day: str
    amount: str
    model: str | None = None
    currency: str | None = None


SOURCES: Mapping[str, Columns] = {
    "openai": Columns("start_time_iso", "amount_value", "line_item", "amount_currency"),
    "anthropic": Columns("usage_date_utc", "cost_usd", "model"),
}


@dataclass(slots=True)
class Reading:
    """sums: USD by day (UTC) and model, "" where the file names none. outside_count: rows of
    other months, which are left out.
    """

    sums: dict[tuple[date, str], Decimal] = field(default_factory=dict)
    row_count: int = 0
    outside_count: int = 0


def read_statement(data: bytes, columns: Columns, month: date) -> Reading:
    """The amounts of `month` (its first day). Raises InvalidStatement, naming the lines."""
    rows = csv.DictReader(io.StringIO(_text(data), newline=""), strict=True)
    reading, errors = Reading(), []
    try:
        _require(columns, rows.fieldnames or ())
        for row in rows:
            try:
                _add(reading, row, columns, month)
            except ValueError as error:
                errors.append(f"line {rows.line_num}: {error}")
                if len(errors) == MOST_ERRORS:
                    break
    except csv.Error as error:
        raise InvalidStatement(f"This is no CSV, after line {rows.line_num}: {error}.") from error
    _check(reading, errors, month)
    return reading


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise InvalidStatement(f"Send at most {MOST_BYTES} bytes: the costs of one month by day.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidStatement("The file is not UTF-8. Save it as CSV in UTF-8.") from error


def _require(columns: Columns, found: object) -> None:
    names = list(found) if isinstance(found, list | tuple) else []
    wanted = [columns.day, columns.amount, columns.model, columns.currency]
    missing = [name for name in wanted if name and name not in names]
    if missing:
        raise InvalidStatement(
            f"The file has no column {', '.join(missing)}; it has "
            f"{', '.join(names)[:500] or 'none'}. Export costs, not usage, or name its columns."
        )


def _add(reading: Reading, row: Mapping[str, str | None], columns: Columns, month: date) -> None:
    amount = _amount(row[columns.amount])
    if amount is None:
        return  # a day without costs
    if columns.currency and (row[columns.currency] or "usd").strip().lower() != "usd":
        raise ValueError(f"the currency is {row[columns.currency]}, and only USD compares")
    reading.row_count += 1
    day = _day(row[columns.day] or "")
    if (day.year, day.month) != (month.year, month.month):
        reading.outside_count += 1
        return
    key = day, _model(row, columns)
    reading.sums[key] = _EXACT.add(reading.sums.get(key, Decimal(0)), amount)
    if len(reading.sums) > MOST_SUMS:
        raise InvalidStatement(f"The file has more than {MOST_SUMS} models and days.")


def _model(row: Mapping[str, str | None], columns: Columns) -> str:
    said = row[columns.model] if columns.model else None
    return (said or "").partition(",")[0].strip().replace("\0", "")[:LONGEST_NAME]


def _amount(text: str | None) -> Decimal | None:
    """None where there is none. Providers print binary fractions, so it is rounded to 10^-18."""
    plain = (text or "").strip().lstrip("$").replace(",", "")
    if not plain:
        return None
    try:
        amount = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error
    if not amount.is_finite() or abs(amount) > _MOST_USD:
        raise ValueError(f"{text!r} is no amount")
    return amount.quantize(_PLACES, ROUND_HALF_EVEN, _EXACT)


def _day(text: str) -> date:
    said = text.strip()
    try:
        if said.isascii() and said.isdigit() and len(said) != 8:
            return datetime.fromtimestamp(int(said), UTC).date()
        at = datetime.fromisoformat(said)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no date; write it as 2026-03-31") from error
    return (at.astimezone(UTC) if at.tzinfo else at).date()


def _check(reading: Reading, errors: list[str], month: date) -> None:
    if errors:
        raise InvalidStatement(f"Correct the file: {'; '.join(_cut(errors))}.")
    if not reading.sums:
        raise InvalidStatement(f"The file has no costs of {month:%Y-%m}.")


def _cut(errors: list[str]) -> Iterator[str]:
    return (error[:200] for error in errors)
