"""What each API key was charged for: usage as answers report it, summed by model."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


class Meter:
    """Since the simulator began; calls that were refused are not in it."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], Counter[str]] = {}

    def count(self, api_key: str, model: str, usage: Mapping[str, Any]) -> None:
        """Add the usage of one answer; nested counts under names like `details.cached`."""
        sums = self._sums.setdefault((api_key, model), Counter())
        sums["calls"] += 1
        sums.update(dict(_flat(usage)))

    def of(self, api_key: str) -> dict[str, dict[str, int]]:
        """By model: `calls`, and every count of its usage."""
        return {model: dict(sums) for (key, model), sums in self._sums.items() if key == api_key}


def _flat(usage: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, int]]:
    for name, value in usage.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int):
            yield f"{prefix}{name}", value
