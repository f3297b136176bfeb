"""Runs one benchmark: python -m bench NAME [--quick | --long | --minutes N] [--json FILE] [--keep].

./apex bench is the door. Ends with 1 when a figure misses its target. --keep puts the run with
those in docs/figures, of which docs/benchmarks.md is made.
"""

import argparse
import importlib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

from bench.publishing.runs import keep_run, keep_timeline
from bench.rows import Row, table, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bench/NAME.py, whose `run(quick)` returns rows, print them and write them.

    A `run(quick, *, is_long)` also has a long form, and a `run(quick, *, minutes)` takes as long
    as it is told.
    """
    options = _options(arguments)
    django.setup()  # benchmarks may import models
    module = importlib.import_module(f"bench.{options.name}")
    rows: list[Row] = module.run(options.quick, **_length(module, options))
    print(table(rows))
    if options.json:
        write_json(options.json, rows)
    if options.keep:
        keep_run(options.name, rows, is_quick=options.quick)
        if timeline := getattr(module, "TIMELINE", None):
            keep_timeline(options.name, timeline)
    return int(any(row.met is False for row in rows))


def _length(module: Any, options: argparse.Namespace) -> dict[str, Any]:
    """What is asked for of the length; refused where the benchmark knows no such form."""
    asked = {"is_long": options.long or None, "minutes": options.minutes}
    given = {name: value for name, value in asked.items() if value is not None}
    if strange := set(given) - set(inspect.signature(module.run).parameters):
        sys.exit(f"{module.__name__} takes no {' or '.join(sorted(strange))}")
    return given


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench")
    parser.add_argument("name")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
