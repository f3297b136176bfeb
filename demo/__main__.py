"""python -m demo --folder DIR: what `./apex demo` runs beside a running product."""

import argparse
import importlib
import logging
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import django

# A gateway that waits for its processor behind its own callers gives levers no time to act.
_NICE = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every figure is as it should be, 1 when one is not, 130 when it was stopped."""
    options = _options(arguments)
    django.setup()
    os.nice(_NICE)
    logging.disable(logging.INFO)  # one line for each call of an SDK and each task
    commanding = importlib.import_module("demo.commanding")  # imports models
    status: int = commanding.run_demo(
        requests=options.requests,
        speed=options.speed,
        is_anew=options.again,
        folder=options.folder.absolute(),
    )
    return status


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("apex demo")
    parser.add_argument("--requests", type=_count, metavar="N", help="of each organization")
    parser.add_argument("--speed", type=_speed, metavar="X", help="times the recorded arrivals")
    parser.add_argument("--again", action="store_true", help="a new run, whatever was before")
    parser.add_argument("--folder", type=Path, default=Path(".local/demo"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return speed


if __name__ == "__main__":
    sys.exit(main())
