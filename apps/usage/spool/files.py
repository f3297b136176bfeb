"""Small JSON files beside the segments, replaced as a whole."""

import json
from pathlib import Path
from typing import Any


def replace_json(path: Path, value: object) -> None:
    """Write `value`; whoever reads meanwhile gets the old or the new. Raises OSError."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(value))
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`, {} when it is absent or damaged."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
