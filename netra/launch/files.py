"""Small files of `.local`: written whole or not at all, and readable by their owner only."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netra.launch.failures import LOW_SPACE_BYTES, DiskFullError, LaunchError


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, mode 0600; after an OSError `path` is as before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """`write_private` of a JSON object."""
    write_private(path, json.dumps(values, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`, empty when there is no such file."""
    try:
        values = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LaunchError(f"{path} is damaged ({error}); restore it or delete it") from error
    return dict(values)


def read_assignments(path: Path) -> dict[str, str]:
    """The KEY=value lines of `path`, empty when there is no such file."""
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in lines}


def write_assignments(path: Path, values: Mapping[str, str]) -> None:
    """`write_private` of KEY=value lines, which a shell can source when values hold no blanks."""
    write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))


def require_space(path: Path, needed_bytes: int = LOW_SPACE_BYTES) -> None:
    """Raise DiskFullError when the file system of `path` has less than `needed_bytes` free."""
    free = shutil.disk_usage(path).free
    if free < needed_bytes:
        raise DiskFullError(path, f"{free >> 20} MB free, {needed_bytes >> 20} MB needed")


def bounded_log(path: Path, limit_bytes: int = 5_000_000) -> Path:
    """`path` ready to append to; a long one is first moved aside, one generation is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > limit_bytes:
        path.replace(path.with_name(f"{path.name}.1"))
    return path


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; empty when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16_384))
        text = file.read().decode(errors="replace")
    return "".join(f"    {line}\n" for line in text.splitlines()[-lines:])
