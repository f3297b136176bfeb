"""Calls for tests of the spool."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from apps.kernel.events import Begin, Event
from apps.kernel.ids import uuid7
from apps.usage.spool import Follower, Kind, Record
from apps.usage.spool.folders import writer_folders
from apps.usage.spool.frames import Frame, frame_at, frames_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
ORGANIZATION, PROJECT = UUID(int=1), UUID(int=2)


def make_begin(**changes: object) -> Begin:
    """A call of the test organization that goes out."""
    known = {
        "event_id": uuid7(),
        "started_at": AT,
        "organization_id": ORGANIZATION,
        "project_id": PROJECT,
        "endpoint": "chat.completions",
        "dialect": "openai",
    }
    return Begin(**(known | changes))  # type: ignore[arg-type]  # each test names what it changes


def make_end(begin: Begin, **changes: object) -> Event:
    """The same call, over."""
    same = {field.name for field in fields(Begin)} & {field.name for field in fields(Event)}
    known = {name: getattr(begin, name) for name in same}
    return Event(**(known | changes))


def follow(spool: Path) -> list[tuple[Kind, UUID]]:
    """What a shipper with nothing to wait for takes from the spool, files deleted behind it."""
    found: list[Record] = []
    for folder in writer_folders(spool):
        follower = Follower(folder)
        found += follower.read(10**9)
        follower.settle()
        follower.close()
    return [(record.kind, UUID(bytes=record.event_id)) for record in found]


def positions(content: bytes) -> list[tuple[int, Frame]]:
    """The frames of a segment and where each starts."""
    found, at = [], 0
    for frame in frames_of(content)[0]:
        found.append((at, frame))
        at += frame.size
    return found


def damage(path: Path, at: int) -> None:
    """Change a byte in the payload of the frame at `at`."""
    content = bytearray(path.read_bytes())
    assert frame_at(bytes(content), at)
    content[at + 50] ^= 0xFF
    path.write_bytes(content)
