"""What was carried so far, on disk: one line for each call, so that a run can go on."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.carriers import Answered
from demo.conversations import Conversation


@dataclass(frozen=True, slots=True)
class Carried:
    """One call of one customer. is_same: the answer equals the recorded one; is_right: the right
    one, None where the task has none. Others: see Answered.
    """

    who: str
    conversation: str
    turn: int
    sdk: str
    usage: dict[str, Any]
    model: str
    given: str
    ms: float
    is_same: bool
    is_right: bool | None
    error: str = ""

    @classmethod
    def of(cls, who: str, conversation: Conversation, turn: int, answer: Answered) -> "Carried":
        said, right = answer.said, conversation.right
        return cls(
            who, conversation.name, turn, conversation.sdk, dict(answer.usage), answer.model,
            answer.given, answer.ms, said == conversation.recorded(turn),
            None if right is None else said.text == right, answer.error,
        )  # fmt: skip


class Journal:
    """Calls of one run, appended to a file; a line that was cut off is dropped."""

    def __init__(self, path: Path) -> None:
        self.calls = read_calls(path)
        self._done = {(each.who, each.conversation, each.turn) for each in self.calls}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1)
        self._file.write("" if not self.calls else "\n")

    def has(self, who: str, conversation: Conversation, turn: int) -> bool:
        """Whether this call was carried already."""
        return (who, conversation.name, turn) in self._done

    def add(self, carried: Carried) -> None:
        """Note a call that is over."""
        self.calls.append(carried)
        self._done.add((carried.who, carried.conversation, carried.turn))
        self._file.write(json.dumps(asdict(carried)) + "\n")

    def close(self) -> None:
        self._file.close()


def read_calls(path: Path) -> list[Carried]:
    """All that a journal has, none where there is none."""
    return list(_read(path)) if path.exists() else []


def _read(path: Path) -> Iterator[Carried]:
    for line in path.read_text().splitlines():
        try:
            yield Carried(**json.loads(line))
        except (ValueError, TypeError):
            continue  # the line that was being written when the run was killed
