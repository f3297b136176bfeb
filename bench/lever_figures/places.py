"""The row that says that a data set is not there."""

from collections.abc import Sequence

from bench.rows import Row


def absent(name: str) -> Sequence[Row]:
    """Said plainly, and neither met nor missed."""
    return [Row(f"{name}: data set is not in NETRA_DATA_DIR", 0.0, "not measured")]
