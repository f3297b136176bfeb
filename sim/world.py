"""What the simulator remembers between calls. All of it is bounded and gone at the end."""

import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.caching import PromptCache
from sim.calls import Call
from sim.errors import bad_request, not_found
from sim.faults import parse_faults
from sim.journal import Journal
from sim.meter import Meter
from sim.recordings import Recordings
from sim.replies import Reply
from sim.steps import Pace

_MOST_SCRIPTS, _MOST_OBJECTS = 10_000, 1_000


@dataclass(frozen=True)
class Habits:
    """What the environment sets and a request's `x-sim-…` headers overrule."""

    is_caching: bool = True
    latency_ms: float = 0.0
    token_ms: float = 0.0
    batch_seconds: float = 0.0

    @classmethod
    def from_environment(cls) -> "Habits":
        """SIM_CACHE, SIM_LATENCY_MS, SIM_TOKEN_MS and SIM_BATCH_SECONDS."""
        return cls().overruled(
            {
                name.lower().replace("_", "-"): value
                for name, value in os.environ.items()
                if name.startswith("SIM_")
            },
            prefix="sim",
        )

    def overruled(self, headers: Mapping[str, str], *, prefix: str = "x-sim") -> "Habits":
        """These habits as the headers change them. Raises WireError (400)."""
        return Habits(
            headers.get(f"{prefix}-cache", "on" if self.is_caching else "off") != "off",
            _number(headers, f"{prefix}-latency-ms", self.latency_ms),
            _number(headers, f"{prefix}-token-ms", self.token_ms),
            _number(headers, f"{prefix}-batch-seconds", self.batch_seconds),
        )

    @property
    def pace(self) -> Pace:
        return Pace(self.latency_ms / 1000, self.token_ms / 1000)


def _number(headers: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(headers.get(name, default))
    except ValueError as error:
        raise bad_request(f"sim: {name} must be a number.") from error


class Shelf:
    """Objects of one kind (files, batches, responses) by API key and id, the oldest forgotten."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._kept: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def put(self, owner: str, name: str, value: Any) -> None:
        self._kept[owner, name] = value
        self._kept.move_to_end((owner, name))
        if len(self._kept) > _MOST_OBJECTS:
            self._kept.popitem(last=False)

    def get(self, owner: str, name: str) -> Any:
        """The object. Raises WireError (404), also when it is another key's."""
        if (owner, name) not in self._kept:
            raise not_found(self._kind, name)
        return self._kept[owner, name]

    def remove(self, owner: str, name: str) -> None:
        """Forget the object. Raises WireError (404)."""
        self.get(owner, name)
        del self._kept[owner, name]

    def all(self, owner: str) -> list[Any]:
        """One owner's objects, the newest first."""
        return [value for (key, _), value in reversed(self._kept.items()) if key == owner]


@dataclass
class World:
    """Everything that outlives a call. `clock` gives seconds and may be a test's own."""

    dispatch: Callable[[Call, "World"], Reply]  # answers a call without faults, for batches
    clock: Callable[[], float] = time.monotonic
    habits: Habits = field(default_factory=Habits)
    journal: Journal = field(default_factory=Journal)
    meter: Meter = field(default_factory=Meter)
    recordings: Recordings = field(default_factory=Recordings)
    scripts: dict[str, deque[str | None]] = field(default_factory=dict)
    files: Shelf = field(default_factory=lambda: Shelf("file"))
    batches: Shelf = field(default_factory=lambda: Shelf("batch"))
    responses: Shelf = field(default_factory=lambda: Shelf("response"))

    def __post_init__(self) -> None:
        self.cache = PromptCache(lambda: self.clock())

    def answer(self, call: Call) -> Reply:
        """The answer to a call that reaches us inside another one."""
        return self.dispatch(call, self)

    def write_script(self, api_key: str, faults: list[str | None]) -> None:
        """Let the next calls of a key meet these faults, one each. Raises WireError (400)."""
        for specification in faults:
            parse_faults(specification or "")
        self.scripts.pop(api_key, None)
        if faults:
            self.scripts[api_key] = deque(faults)
        while len(self.scripts) > _MOST_SCRIPTS:
            del self.scripts[next(iter(self.scripts))]

    def next_fault(self, api_key: str) -> tuple[bool, str]:
        """Whether a script has an entry for this call, and the entry; it is used up."""
        script = self.scripts.get(api_key)
        if not script:
            return False, ""
        entry = script.popleft()
        if not script:
            del self.scripts[api_key]
        return True, entry or ""
