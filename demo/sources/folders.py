"""Where the data sets are: below NETRA_DATA_DIR, each in a folder with its SOURCE.txt."""

import json
import os
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


class NoData(FileNotFoundError):
    """A data set is not there. NETRA_DATA_DIR names the folder that holds them."""


def data(*names: str) -> Path:
    """A file or folder of NETRA_DATA_DIR. Raises NoData."""
    path = Path(os.environ.get("NETRA_DATA_DIR", _BESIDE)).joinpath(*names)
    if not path.exists():
        raise NoData(str(path))
    return path


def json_lines(*names: str) -> list[Any]:
    """One value a line."""
    return [json.loads(line) for line in data(*names).read_text().splitlines()]
