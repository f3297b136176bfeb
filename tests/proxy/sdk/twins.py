"""One SDK twice: at the simulator itself and at the gateway before it, answer for answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

OURS = frozenset(
    {
        "netra-request-id", "netra-overhead-ms", "netra-served-model", "netra-cost-usd",
        "content-security-policy", "x-content-type-options", "x-accel-buffering",
    }
)  # fmt: skip
FRAMING = frozenset(
    {"content-length", "transfer-encoding", "connection", "keep-alive", "date", "server"}
)
# Two equal requests get equal bytes of a simulator that caches nothing.
PLAIN = {"x-sim-cache": "off"}

Sdk = TypeVar("Sdk")
Result = TypeVar("Result")


@dataclass
class Answer:
    """What came over the wire: every header that is neither ours nor framing, and the bytes."""

    status: int
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


def foreign(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are the provider's; x-request-id is ours where the provider has none."""
    found = {k.lower(): v for k, v in headers.items()}
    is_ours = "netra-request-id" in found and found["netra-request-id"] == found["x-request-id"]
    left_out = OURS | FRAMING | ({"x-request-id"} if is_ours else set())
    return {k: v for k, v in found.items() if k not in left_out}


class Twins(Generic[Sdk]):
    """`make` builds the SDK from base URL (without a path), key and HTTP client.

    client: the class of HTTP client that the SDK takes. direct, ours: URL and key of each.
    """

    def __init__(
        self,
        make: Callable[[str, str, Any], Sdk],
        *,
        direct: tuple[str, str],
        ours: tuple[str, str],
        client: Callable[..., Any] = httpx.Client,
    ) -> None:
        self._tapes: tuple[list[Answer], list[Answer]] = ([], [])
        self._clients = [
            client(event_hooks={"response": [_recorder(tape)]}, headers=PLAIN)
            for tape in self._tapes
        ]
        self.direct = make(*direct, self._clients[0])
        self.ours = make(*ours, self._clients[1])

    def both(self, ask: Callable[[Sdk], Result], *, apart_from: tuple[str, ...] = ()) -> Result:
        """The gateway's answer, which is the simulator's own in every byte.

        apart_from: headers that differ, such as what is left where we sent more than the caller.
        """
        direct, ours = self._tapes
        direct.clear()
        ours.clear()
        expected, found = ask(self.direct), ask(self.ours)
        for answer in (*direct, *ours):
            for name in apart_from:
                answer.headers.pop(name, None)
        assert ours == direct, f"{ours}\n{direct}"
        assert direct
        assert found == expected
        return found

    def fail_both(
        self,
        ask: Callable[[Sdk], object],
        error: type[Exception],
        *,
        apart_from: tuple[str, ...] = (),
    ) -> Exception:
        """The exception that our SDK raises; the other one raises the same for the same bytes."""
        raised: list[Exception] = []

        def failing(client: Sdk) -> type[Exception]:
            try:
                ask(client)
            except error as one:
                raised.append(one)
                return type(one)
            raise AssertionError("It did not fail.")

        self.both(failing, apart_from=apart_from)
        return raised[-1]

    def close(self) -> None:
        """Close both connections."""
        for client in self._clients:
            client.close()


def _recorder(tape: list[Answer]) -> Callable[[Any], None]:
    """A hook that keeps a copy of each answer's bytes as they are read."""

    def record(response: Any) -> None:
        answer, read = Answer(response.status_code, foreign(response.headers)), response.iter_raw
        tape.append(answer)

        def copied(*args: Any, **options: Any) -> Iterator[bytes]:
            for chunk in read(*args, **options):
                answer.body += chunk
                yield chunk

        response.iter_raw = copied

    return record
