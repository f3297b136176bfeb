"""Equal calls at the same moment: one asks, the others wait for its answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.optimization.answers.entries import Entry


def _future() -> "asyncio.Future[Entry | None]":
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Flight:
    """The answer that is on its way for `key`; None lands where it may not be given to others."""

    key: str
    landing: "asyncio.Future[Entry | None]" = field(default_factory=_future)


class Flights:
    """Those of this process. A flight stays until its answer can be read from the store.

    at_end: told the key of each, so that other processes need not wait any longer.
    """

    def __init__(self, at_end: Callable[[str], None] = lambda _key: None) -> None:
        self._flights: dict[str, Flight] = {}
        self._at_end = at_end

    def __len__(self) -> int:
        return len(self._flights)

    def find(self, key: str) -> Flight | None:
        """The flight to wait for."""
        return self._flights.get(key)

    def begin(self, key: str) -> Flight | None:
        """The flight that the caller leads and must `land` and `end`; None while there is one."""
        if key in self._flights:
            return None
        flight = self._flights[key] = Flight(key)
        return flight

    def land(self, flight: Flight, entry: Entry | None) -> None:
        """Tell those who wait; without an entry they ask for themselves, and so does the next."""
        if not flight.landing.done():
            flight.landing.set_result(entry)
        if entry is None:
            self.end(flight)

    def end(self, flight: Flight) -> None:
        """Those who come now look into the store."""
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
            self._at_end(flight.key)
