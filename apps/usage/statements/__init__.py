"""What providers say that they charged: their cost exports, read into sums by day and model."""

from apps.usage.statements.matching import comparable
from apps.usage.statements.reading import (
    MOST_BYTES,
    SOURCES,
    Columns,
    InvalidStatement,
    Reading,
    read_statement,
)

__all__ = [
    "MOST_BYTES",
    "SOURCES",
    "Columns",
    "InvalidStatement",
    "Reading",
    "comparable",
    "read_statement",
]
