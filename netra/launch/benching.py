"""`apex bench`: one benchmark, in a process of its own, with databases behind it."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from netra.launch.commands import django_environment
from netra.launch.failures import LaunchError
from netra.launch.foreground import run_foreground
from netra.launch.places import Places

_NOT_BENCHMARKS = {"__init__", "__main__", "rows"}


def bench(places: Places, arguments: Sequence[str]) -> int:
    """Run bench/NAME.py; 0 when no figure missed its target."""
    options = _options(arguments)
    known = benchmarks(places)
    if options.name not in known:
        raise LaunchError(f"there is no benchmark {options.name}; there are: {' '.join(known)}")
    command = [str(places.python), "-m", "bench", options.name]
    command += ["--quick"] if options.quick else []
    command += ["--long"] if options.long else []
    command += ["--json", str(Path(options.json).absolute())] if options.json else []
    with django_environment(places, os.environ, "bench") as env:
        return run_foreground(command, env=env, cwd=places.root)


def benchmarks(places: Places) -> list[str]:
    """The names that `bench` takes."""
    folder = places.root / "bench"
    stems = {path.stem for path in folder.glob("*.py")}
    stems |= {path.parent.name for path in folder.glob("*/__init__.py") if _runs(path)}
    return sorted(stem for stem in stems - _NOT_BENCHMARKS if not stem.startswith("_"))


def _runs(path: Path) -> bool:
    """Whether the package is a benchmark, not a part of one."""
    return "\ndef run(" in path.read_text()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("apex bench")
    parser.add_argument("name", nargs="?", default="(none named)")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--long", action="store_true", help="with what takes hours, if it has that")
    parser.add_argument("--json", metavar="FILE", help="also write the rows there")
    return parser.parse_args(arguments)
