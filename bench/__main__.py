"""Runs one benchmark: python -m bench NAME [--quick | --long] [--json FILE].

./apex bench is the door. Ends with 1 when a figure misses its target.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

from bench.rows import Row, table, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bench/NAME.py, whose `run(quick)` returns rows, print them and write them.

    A `run(quick, *, is_long)` also has a long form.
    """
    options = _options(arguments)
    django.setup()  # benchmarks may import models
    module = importlib.import_module(f"bench.{options.name}")
    rows: list[Row] = module.run(options.quick, **_length(module, is_long=options.long))
    print(table(rows))
    if options.json:
        write_json(options.json, rows)
    return int(any(row.met is False for row in rows))


def _length(module: Any, *, is_long: bool) -> dict[str, bool]:
    if is_long and "is_long" not in inspect.signature(module.run).parameters:
        sys.exit(f"{module.__name__} has no long form")
    return {"is_long": True} if is_long else {}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench")
    parser.add_argument("name")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
