"""Where spooled records lie: one folder for each writer, its segments numbered in it.

A writer holds `flock` on its lock file from before its folder is visible until it ends, however
it ends; nobody else ever takes that lock for long. So a free lock means: no byte will follow.
"""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.kernel.ids import uuid7

LOCK = "lock"
SUFFIX = ".seg"
_HIDDEN = "."


@dataclass(frozen=True, slots=True)
class WriterFolder:
    """One writer's folder."""

    path: Path

    def segment(self, number: int) -> Path:
        return self.path / f"{number:08d}{SUFFIX}"

    def numbers(self) -> list[int]:
        """The numbers of the segments that are there, in the order of writing."""
        try:
            names = os.listdir(self.path)
        except FileNotFoundError:
            return []
        return sorted(int(name.removesuffix(SUFFIX)) for name in names if is_segment(name))

    def is_dead(self) -> bool:
        """True once the writer is gone. Ask before looking for what it wrote, not after."""
        try:
            descriptor = os.open(self.path / LOCK, os.O_RDONLY)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def is_segment(name: str) -> bool:
    """Whether a file of this name is a segment."""
    return name.endswith(SUFFIX) and name.removesuffix(SUFFIX).isdigit()


def make_folder(spool: Path, process_name: str) -> tuple[WriterFolder, int]:
    """A new writer's folder, and the descriptor whose closing says that the writer is gone.

    Raises OSError when the disk does not let it. It becomes visible with its lock held.
    """
    name = f"{process_name}-{uuid7().hex}"
    hidden = spool / f"{_HIDDEN}{name}"
    hidden.mkdir(parents=True)
    descriptor = os.open(hidden / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(spool / name)
    except OSError:
        os.close(descriptor)
        raise
    return WriterFolder(spool / name), descriptor


def writer_folders(spool: Path) -> list[WriterFolder]:
    """The folders of all writers, dead or alive, by name."""
    try:
        entries = sorted(os.scandir(spool), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    return [WriterFolder(Path(entry.path)) for entry in entries if _is_writers(entry)]


def _is_writers(entry: "os.DirEntry[str]") -> bool:
    if entry.name.startswith(_HIDDEN) or not entry.is_dir():
        return False
    return (Path(entry.path) / LOCK).exists()
