"""A circuit breaker per credential: stop asking a provider that fails, and probe it now and then.

closed → open after `_FAILURES` failures in a row; open → half open after a pause that doubles
from one opening to the next; half open → closed by one success, open again by one failure.
Local to a process: each learns within a few calls, and no shared store can fail us here.
"""

from dataclasses import dataclass
from uuid import UUID

_FAILURES = 5
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 60.0


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0
    is_probing: bool = False


class Breakers:
    """The circuits of all credentials; `now` is monotonic seconds throughout."""

    def __init__(self) -> None:
        self._circuits: dict[tuple[UUID, str], _Circuit] = {}

    def is_open(self, key: tuple[UUID, str], *, now: float) -> bool:
        """Whether calls should go elsewhere. key: credential and upstream model."""
        circuit = self._circuits.get(key)
        if circuit is None or circuit.failures < _FAILURES:
            return now < circuit.open_until if circuit else False
        return now < circuit.open_until or circuit.is_probing

    def admit(self, key: tuple[UUID, str]) -> None:
        """A call is on its way; on a half-open circuit it is the one probe."""
        circuit = self._circuits.get(key)
        if circuit and circuit.failures >= _FAILURES:
            circuit.is_probing = True

    def succeed(self, key: tuple[UUID, str]) -> None:
        """The provider answered: the circuit is closed."""
        if key in self._circuits:
            del self._circuits[key]

    def fail(self, key: tuple[UUID, str], *, now: float) -> None:
        """The provider failed once more."""
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.failures += 1
        circuit.is_probing = False
        if circuit.failures >= _FAILURES:
            pause = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**circuit.openings)
            circuit.openings += 1
            circuit.open_until = now + pause

    def rest(self, key: tuple[UUID, str], *, until: float) -> None:
        """The provider asked us to stay away until then (Retry-After)."""
        circuit = self._circuits.setdefault(key, _Circuit())
        circuit.open_until = max(circuit.open_until, until)

    def release(self, key: tuple[UUID, str]) -> None:
        """The call ended without telling anything of the provider (the caller left)."""
        if key in self._circuits:
            self._circuits[key].is_probing = False

    def open_count(self, *, now: float) -> int:
        """How many circuits are open."""
        return sum(1 for key in self._circuits if self.is_open(key, now=now))
