"""A conversation stays with the model that it began with."""

from collections import OrderedDict


class Pins:
    """At most `capacity` conversations; each is forgotten when idle for `idle_s` seconds."""

    def __init__(self, capacity: int = 100_000, idle_s: float = 86_400.0) -> None:
        self._capacity, self._idle_s = capacity, idle_s
        self._pins: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pins)

    def model(self, conversation: str, *, at_s: float) -> str | None:
        """The model that it is pinned to, and its idle time begins anew. `at_s` never falls."""
        pin = self._pins.get(conversation)
        if pin is None or at_s - pin[1] > self._idle_s:
            self._pins.pop(conversation, None)
            return None
        self.pin(conversation, pin[0], at_s=at_s)
        return pin[0]

    def pin(self, conversation: str, model: str, *, at_s: float) -> None:
        """From here on. The one that was idle longest makes room."""
        self._pins[conversation] = (model, at_s)
        self._pins.move_to_end(conversation)
        while len(self._pins) > self._capacity:
            self._pins.popitem(last=False)
