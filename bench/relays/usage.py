"""What a process and its children have used, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_NANO = 1e-9


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(each for child in _children(pid) for each in family(child))]


def cpu_seconds(pid: int) -> float:
    """Time that all threads of the family have run, user and system, to the nanosecond."""
    return sum(_ran_ns(each) for each in family(pid)) * _NANO


def rss_bytes(pid: int) -> int:
    """Resident memory of the family, shared pages counted once for each."""
    return sum(_resident_pages(each) for each in family(pid)) * _PAGE_BYTES


def _children(pid: int) -> Iterator[int]:
    for path in (_PROC / str(pid) / "task").glob("*/children"):
        yield from map(int, _read(path).split())


def _ran_ns(pid: int) -> int:
    paths = (_PROC / str(pid) / "task").glob("*/schedstat")
    return sum(_number(path, 0) for path in paths)


def _resident_pages(pid: int) -> int:
    return _number(_PROC / str(pid) / "statm", 1)


def _number(path: Path, position: int) -> int:
    words = _read(path).split()
    return int(words[position]) if words else 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""
