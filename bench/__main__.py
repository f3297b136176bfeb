"""Runs one benchmark: python -m bench NAME [--quick] [--json FILE]; ./apex bench is the door."""

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

import django

from bench.rows import Row, table, write_json


def main(arguments: Sequence[str] | None = None) -> None:
    """Run bench/NAME.py, whose `run(quick)` returns rows, print them and write them."""
    options = _options(arguments)
    django.setup()  # benchmarks may import models
    module = importlib.import_module(f"bench.{options.name}")
    rows: list[Row] = module.run(options.quick)
    print(table(rows))
    if options.json:
        write_json(options.json, rows)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench")
    parser.add_argument("name")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
