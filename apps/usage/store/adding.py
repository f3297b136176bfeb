"""Lines added up in memory, and handed to Postgres as one array for each column."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import localcontext
from itertools import islice
from typing import Any, TypeVar

from apps.usage.store.counting import EXACT, Sums

Key = TypeVar("Key")


def summed(lines: Mapping[Key, Sequence[Sums]], columns: int | None = None) -> dict[Key, Sums]:
    """Key → the sum of its lines, column by column; columns: only of so many, the first ones."""
    with localcontext(EXACT):
        return {
            key: tuple(map(sum, islice(zip(*of, strict=True), columns)))
            if len(of) > 1
            else of[0][:columns]
            for key, of in lines.items()
        }


def columns_of(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Each column of `rows` as the text of an array of Postgres; nothing in it needs quotes."""
    return [f"{{{','.join(map(str, column))}}}" for column in zip(*rows, strict=True)]


def texts(values: Iterable[str]) -> str:
    """Values, whatever they are, as the text of an array of Postgres."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return f"""{{{",".join(f'"{value}"' for value in quoted)}}}"""
