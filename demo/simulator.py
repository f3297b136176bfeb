"""What is asked of the simulator itself."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import httpx

from demo.conversations import Conversation

_AT_ONCE = 100


class SimulatorAway(Exception):
    """Nobody answers where the simulator should be, or it is an older one."""


class Simulator:
    """The one at `url`, whose answers are the recorded ones once they are loaded."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=60.0)

    def load(self, conversations: Iterable[Conversation]) -> int:
        """Let it answer as was recorded; how many answers it took. Raises SimulatorAway."""
        recordings = (each for one in conversations for each in one.recordings())
        count = 0
        while batch := list(islice(recordings, _AT_ONCE)):
            count += self._asked("POST", "/_sim/recordings", {"conversations": batch})["answers"]
        return count

    def metered(self, secret: str) -> dict[str, dict[str, int]]:
        """What the key was charged for, by model. Raises SimulatorAway."""
        found = self._asked("GET", f"/_sim/meter?api_key={secret}")
        models: dict[str, dict[str, int]] = found["models"]
        return models

    def close(self) -> None:
        self._client.close()

    def _asked(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, json=body).raise_for_status()
        except httpx.HTTPError as error:
            raise SimulatorAway(f"the simulator at {self.url} does not answer: {error}") from error
        found: dict[str, Any] = response.json()
        return found
