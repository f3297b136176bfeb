"""Random lives of writers and of a shipper: each begun call comes out once, as what it became."""

import errno
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from apps.kernel.events import Begin, Event
from apps.kernel.ids import uuid7
from apps.usage.spool import Follower, Kind, SpoolWriter, segments, writer
from apps.usage.spool.folders import WriterFolder, writer_folders
from apps.usage.spool.following import START, Position
from apps.usage.spool.frames import frames_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
ORGANIZATION, PROJECT = uuid7(), uuid7()


class Disk:
    """Stands before `os` for the segments: full on demand, in the middle of a write if asked."""

    def __init__(self) -> None:
        self.is_full = False
        self.takes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def posix_fallocate(self, descriptor: int, offset: int, size: int) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "full")
        os.posix_fallocate(descriptor, offset, size)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.is_full and not self.takes:
            raise OSError(errno.ENOSPC, "full")
        taken = data[: self.takes] if self.is_full else data
        self.takes = 0
        return os.pwrite(descriptor, taken, offset)


class SpoolMachine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.spool = Path(tempfile.mkdtemp())
        self.disk = Disk()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(segments, "os", self.disk)
        self.patch.setattr(writer, "RETRY_SECONDS", 0.0)
        self.expected: dict[bytes, Kind] = {}
        self.damaged: set[bytes] = set()
        self.torn: set[bytes] = set()
        self.only_ended: set[bytes] = set()
        self.stored: dict[bytes, Kind] = {}
        self.offsets: dict[Path, Position] = {}
        self.followers: dict[Path, Follower] = {}
        self.last: tuple[Kind, bytes] | None = None
        self.begun: list[Begin] = []
        self.open_writer()

    def open_writer(self) -> None:
        self.writer = SpoolWriter(self.spool, "gateway-0", segment_bytes=6000)
        self.begun.clear()
        self.last = None

    @rule()
    def begin(self) -> None:
        begin = Begin(uuid7(), AT, ORGANIZATION, PROJECT, "chat.completions", "openai")
        self.writer.begin(begin)
        self.begun.append(begin)
        self.expected[begin.event_id.bytes] = Kind.INTERRUPTED
        self.last = (Kind.BEGIN, begin.event_id.bytes)

    @precondition(lambda self: self.begun)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        begin = self.begun.pop(data.draw(st.integers(0, len(self.begun) - 1)))
        if begin.event_id.bytes in self.writer._backlog.calls(Kind.BEGIN):
            self.only_ended.add(begin.event_id.bytes)
        self.writer.end(
            Event(begin.event_id, AT, ORGANIZATION, PROJECT, "chat.completions", "openai")
        )
        self.expected[begin.event_id.bytes] = Kind.END
        self.last = (Kind.END, begin.event_id.bytes)

    @rule(takes=st.integers(0, 900))
    def fill_disk(self, takes: int) -> None:
        self.disk.is_full, self.disk.takes = True, takes

    @rule()
    def free_disk(self) -> None:
        self.disk.is_full = False
        self.writer.sync()

    @precondition(lambda self: self.writer.state.is_durable)
    @rule(torn=st.none() | st.integers(1, 1700))
    def kill(self, torn: int | None) -> None:
        """Without any farewell; the last write may have reached the file in part only."""
        if torn and self.last and self.writer._segment:
            self.tear(self.writer._segment, torn, *self.last)
        self.writer.close()
        self.open_writer()

    def tear(self, segment: segments.Segment, torn: int, kind: Kind, call: bytes) -> None:
        last = frames_of(segment.path.read_bytes())[0][-1:]
        if not last or (last[0].kind, last[0].event_id) != (kind, call) or call in self.stored:
            return
        torn = min(torn, last[0].size)
        os.pwrite(segment.descriptor, bytes(torn), segment.position - torn)
        if kind is Kind.BEGIN or call in self.only_ended:
            del self.expected[call]
            self.torn.add(call)
        else:
            self.expected[call] = Kind.INTERRUPTED

    @rule(data=st.data(), noise=st.binary(min_size=1, max_size=40))
    def damage(self, data: st.DataObject, noise: bytes) -> None:
        files = sorted(self.spool.glob("*/*.seg"))
        if not files:
            return
        path = data.draw(st.sampled_from(files))
        content = path.read_bytes()
        used = frames_of(content)[1]
        if used:
            at = data.draw(st.integers(0, used - 1))
            self.damaged |= calls_within(content, at, at + len(noise))
            with path.open("r+b") as file:
                file.seek(at)
                file.write(noise)

    @rule(limit=st.sampled_from([1, 3000, 10**9]), fate=st.sampled_from(["", "lost", "kept"]))
    def ship(self, limit: int, fate: str) -> None:
        """fate: the shipper is killed before its records are stored, or right after."""
        for folder in writer_folders(self.spool):
            follower = self.follower(folder)
            records = follower.read(limit)
            if fate != "lost":
                for record in records:
                    self.stored.setdefault(record.event_id, record.kind)
            if fate:
                follower.close()
                del self.followers[folder.path]
                continue
            follower.settle()
            self.offsets[folder.path] = follower.stored

    @rule()
    def lose_offsets(self) -> None:
        self.offsets.clear()

    def follower(self, folder: WriterFolder) -> Follower:
        if folder.path not in self.followers:
            stored = self.offsets.get(folder.path, START)
            self.followers[folder.path] = Follower(folder, stored)
        return self.followers[folder.path]

    def teardown(self) -> None:
        self.disk.is_full = False
        self.writer.sync()
        assert self.writer.state.is_durable
        self.writer.close()
        self.ship(10**9, "")
        self.patch.undo()
        whole = {call: kind for call, kind in self.expected.items() if call not in self.damaged}
        assert {call: self.stored.get(call) for call in whole} == whole
        assert set(self.stored) <= set(self.expected) | self.torn
        assert [path.name for path in self.spool.iterdir()] == []
        shutil.rmtree(self.spool)


def calls_within(content: bytes, start: int, end: int) -> set[bytes]:
    frames, _ = frames_of(content)
    found, at = set(), 0
    for frame in frames:
        if at < end and at + frame.size > start:
            found.add(frame.event_id)
        at += frame.size
    return found


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, database=None
)
