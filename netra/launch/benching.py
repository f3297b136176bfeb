"""`apex bench`: one benchmark, in a process of its own, with databases behind it."""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from netra.launch.beside import running_beside
from netra.launch.commands import django_environment
from netra.launch.failures import LaunchError
from netra.launch.foreground import run_foreground
from netra.launch.places import Places

ALL = "all"
_NOT_BENCHMARKS = {"__init__", "__main__", "rows"}
# It kills what it runs on, and looks at two gateway workers.
_SOAK, _SOAKED = "soak", {"NETRA_GATEWAY_WORKERS": "2"}


def bench(places: Places, arguments: Sequence[str]) -> int:
    """Run bench/NAME.py; 0 when no figure missed its target."""
    options = _options(arguments)
    known = benchmarks(places)
    if options.name == ALL:
        return _bench_all(places, known, options)
    if options.name not in known:
        raise LaunchError(f"there is no benchmark {options.name}; there are: {' '.join(known)}")
    written = [] if not options.json else ["--json", str(Path(options.json).absolute())]
    written += ["--keep"] if options.keep else []
    return _run(places, options.name, [*_lengths(options), *written])


def _bench_all(places: Places, known: Sequence[str], options: argparse.Namespace) -> int:
    """Every benchmark, and docs/benchmarks.md of what they said; 0 when no figure missed."""
    lengths, statuses = ["--quick"] if options.quick else [], []
    for name in known:
        for _ in range(options.runs):
            print(f"── {name}", flush=True)
            statuses.append(_run(places, name, [*lengths, "--keep"]))
    command = [str(places.python), "-m", "bench.publishing"]
    statuses.append(run_foreground(command, env=dict(os.environ), cwd=places.root))
    return max(statuses)


def _run(places: Places, name: str, arguments: Sequence[str]) -> int:
    with _environment(places, name) as env:
        command = [str(places.python), "-m", "bench", name, *arguments]
        return run_foreground(command, env=env, cwd=places.root)


@contextmanager
def _environment(places: Places, name: str) -> Iterator[dict[str, str]]:
    if name == _SOAK:
        with running_beside(places.for_soak(), os.environ, **_SOAKED) as env:
            yield env
    else:
        with django_environment(places, os.environ, "bench") as env:
            yield env


def _lengths(options: argparse.Namespace) -> list[str]:
    minutes = [] if options.minutes is None else ["--minutes", str(options.minutes)]
    return (["--quick"] if options.quick else []) + (["--long"] if options.long else []) + minutes


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
    parser.add_argument("--minutes", type=float, help="how long, if it takes as long as it is told")
    parser.add_argument("--json", metavar="FILE", help="also write the rows there")
    parser.add_argument("--keep", action="store_true", help="put the run with those published")
    parser.add_argument("--runs", type=int, default=1, help="of all: medians of so many")
    return parser.parse_args(arguments)
