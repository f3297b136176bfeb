"""Who is held out: pure functions that anybody can repeat from the rows and the revealed salt.

A unit is what is assigned as a whole: a conversation where one can be told, else an end user's
day, else one request. Its arm follows from SHA-256 of the period's salt, the organization, the
experiment and the unit; whether it takes part at all from a second hash without the salt, so that
a unit that joined stays when the ramp rises, and that the two are independent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import orjson

Arm = Literal["treatment", "holdout"]
UnitKind = Literal["conversation", "thread", "user_day", "prefix", "request"]
TREATMENT: Arm = "treatment"
HOLDOUT: Arm = "holdout"
_SPACE = 1 << 64
_DIGEST_BYTES = 16
# Fields of requests that name a conversation, by the SDKs and by custom.
_METADATA = ("conversation_id", "session_id", "thread_id")
_LEADING = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Clues:
    """What a call says of the conversation it belongs to.

    document: its parsed body. thread: the unit of the answer that `previous_response_id` continues,
    where that is remembered. day: of the call, in UTC.
    """

    project_id: UUID
    request_id: str
    day: date
    document: Mapping[str, Any]
    conversation_id: str | None = None
    end_user: str | None = None
    thread: str | None = None


def commitment_of(salt: bytes) -> str:
    """What is published before a period: SHA-256 of its salt, in hexadecimal."""
    return sha256(salt).hexdigest()


def arm_of(
    unit: str, *, salt: bytes, organization_id: UUID, experiment_id: UUID, holdout_percent: int
) -> Arm:
    """The arm of a unit: the first 8 bytes of SHA-256(salt:organization:experiment:unit), big
    endian, against the share. Ids are written in lower case with dashes; the salt is raw bytes.
    """
    named = f":{organization_id}:{experiment_id}:{unit}".encode(errors="replace")
    return HOLDOUT if _is_within(salt + named, holdout_percent) else TREATMENT


def takes_part(unit: str, *, organization_id: UUID, percent: int) -> bool:
    """Whether a unit is inside the share of traffic that levers may touch. One that is inside at
    some share is inside at every greater one.
    """
    if percent >= 100:
        return True
    return _is_within(f"traffic:{organization_id}:{unit}".encode(errors="replace"), percent)


def unit_of(clues: Clues) -> str:
    """`KIND:HASH`: nothing of what callers wrote can be read from it, and no two projects share
    one. The most explicit clue wins.
    """
    if clues.thread and not clues.conversation_id:
        return clues.thread
    kind, clue = _clue(clues)
    digest = sha256(f"{clues.project_id}:{kind}:".encode() + clue).digest()
    return f"{kind}:{digest[:_DIGEST_BYTES].hex()}"


def _is_within(named: bytes, percent: int) -> bool:
    return int.from_bytes(sha256(named).digest()[:8]) < _SPACE * percent // 100


def _clue(clues: Clues) -> tuple[UnitKind, bytes]:
    if clues.conversation_id:
        return "conversation", _bytes(clues.conversation_id)
    if thread := _thread(clues.document):
        return "thread", _bytes(thread)
    if clues.end_user:
        return "user_day", _bytes(f"{clues.day.isoformat()}:{clues.end_user}")
    if opening := _opening(clues.document):
        return "prefix", opening
    return "request", _bytes(clues.request_id)


def _thread(document: Mapping[str, Any]) -> str | None:
    metadata = document.get("metadata")
    named = [document.get("prompt_cache_key"), document.get("previous_response_id")]
    if isinstance(metadata, Mapping):
        named = [*(metadata.get(name) for name in _METADATA), *named]
    return next((name for name in named if isinstance(name, str) and name), None)


def _opening(document: Mapping[str, Any]) -> bytes | None:
    """What every turn of a conversation repeats: its system prompt and its first user turn."""
    turns = document.get("messages") or document.get("input") or document.get("contents")
    system = document.get("system") or document.get("instructions")
    system = system or document.get("systemInstruction") or document.get("system_instruction")
    said = [turns] if isinstance(turns, str) else list(_first_turns(turns))
    if not said:
        return None
    return orjson.dumps([_plain(system), *map(_plain, said)], option=orjson.OPT_SORT_KEYS)


def _first_turns(turns: Any) -> Iterator[Any]:
    """Instructions in front, up to the first turn that is none."""
    for turn in turns if isinstance(turns, list) else ():
        role = turn.get("role") if isinstance(turn, Mapping) else None
        yield [role, turn.get("content", turn.get("parts"))] if role else turn
        if role not in _LEADING:
            return


def _plain(content: Any) -> Any:
    """The same for a text and for a list of one block of it, and without cache marks, which move
    from turn to turn.
    """
    if isinstance(content, Mapping):
        if isinstance(content.get("text"), str):
            return content["text"]
        return {str(k): _plain(v) for k, v in content.items() if k != "cache_control"}
    if isinstance(content, list):
        parts = [_plain(part) for part in content]
        return parts[0] if len(parts) == 1 else parts
    return content


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")
