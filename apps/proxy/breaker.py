"""A circuit breaker per credential: stop asking a provider that fails, and probe it now and then.

closed → open after `FAILURES` failures in a row; open → half open after a pause that doubles from
one opening to the next; half open → closed by a success, open again by a failure. Half open means
that one call is let through as a probe while the others still see it open. Local to a process:
each learns within a few calls, and no shared store can fail us here.
"""

from dataclasses import dataclass
from uuid import UUID

FAILURES = 5
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0
# So long a probe keeps the others away; one that was cancelled needs nobody to clear up after it.
PROBE_SECONDS = 5.0
Key = tuple[UUID, UUID, str]


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0


class Breakers:
    """The circuits of all credentials. key: credential and upstream model. now: monotonic seconds.

    Only what fails has a circuit. Callers can choose the model, so that no more are kept than
    `most`; the oldest goes first.
    """

    def __init__(self, *, most: int = 10_000) -> None:
        self._most = most
        self._circuits: dict[Key, _Circuit] = {}

    def is_open(self, key: Key, *, now: float) -> bool:
        """Whether calls should go elsewhere."""
        circuit = self._circuits.get(key)
        return circuit is not None and now < circuit.open_until

    def admit(self, key: Key, *, now: float) -> None:
        """A call is on its way; after a pause it is the probe."""
        circuit = self._circuits.get(key)
        if circuit and circuit.failures >= FAILURES:
            circuit.open_until = max(circuit.open_until, now + PROBE_SECONDS)

    def succeed(self, key: Key) -> None:
        """The provider answered: the circuit is closed."""
        self._circuits.pop(key, None)

    def fail(self, key: Key, *, now: float) -> None:
        """The provider failed once more."""
        circuit = self._circuit(key)
        circuit.failures += 1
        if circuit.failures >= FAILURES:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**circuit.openings)
            circuit.openings += 1
            circuit.open_until = now + pause

    def rest(self, key: Key, *, until: float) -> None:
        """The provider asked us to stay away until then (Retry-After)."""
        circuit = self._circuit(key)
        circuit.open_until = max(circuit.open_until, until)

    def open_count(self, *, now: float) -> int:
        """How many circuits are open."""
        return sum(1 for key in self._circuits if self.is_open(key, now=now))

    def _circuit(self, key: Key) -> _Circuit:
        if key not in self._circuits and len(self._circuits) >= self._most:
            del self._circuits[next(iter(self._circuits))]
        return self._circuits.setdefault(key, _Circuit())
