import errno
import os
from pathlib import Path
from uuid import UUID

import pytest

from apps.kernel.events import decode, decode_begin
from apps.usage.spool import Follower, Kind, SpoolWriter, writer
from apps.usage.spool.folders import writer_folders
from tests.usage.spool.records import (
    ORGANIZATION,
    damage,
    follow,
    make_begin,
    make_end,
    positions,
)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Add anything to the list to let the disk be full."""
    full: list[str] = []
    allocate = os.posix_fallocate

    def allocate_if_free(descriptor: int, offset: int, size: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        allocate(descriptor, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", allocate_if_free)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.0)
    return full


def test_records_come_out_as_they_went_in(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0")
    begin = make_begin(tags={"team": "search"})
    end = make_end(begin, status=200)
    left = make_begin(end_user="ada")
    spool.begin(begin)
    spool.content(begin.event_id, ORGANIZATION, b"\x00sealed\xf5NA1")
    spool.end(end)
    spool.begin(left)
    spool.close()

    (folder,) = writer_folders(tmp_path)
    content, ended, interrupted = Follower(folder).read(10**9)

    assert (content.kind, content.payload) == (Kind.CONTENT, b"\x00sealed\xf5NA1")
    assert UUID(bytes=content.organization_id) == ORGANIZATION
    assert (ended.kind, decode(ended.payload)) == (Kind.END, end)
    assert (interrupted.kind, decode_begin(interrupted.payload)) == (Kind.INTERRUPTED, left)


def test_a_call_in_flight_is_not_taken_for_interrupted(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0")
    begin = make_begin()
    spool.begin(begin)
    assert follow(tmp_path) == []
    assert spool.state.open_count == 1

    spool.end(make_end(begin))
    assert spool.state.open_count == 0
    assert follow(tmp_path) == [(Kind.END, begin.event_id)]


def test_a_full_segment_goes_once_its_open_calls_are_in_the_next(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=4000)
    long = make_begin()
    spool.begin(long)
    for _ in range(20):
        short = make_begin()
        spool.begin(short)
        spool.end(make_end(short))
    follow(tmp_path)
    assert len(list(tmp_path.glob("*/*.seg"))) == 1

    spool.close()
    assert (Kind.INTERRUPTED, long.event_id) in follow(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_frame_larger_than_a_segment_has_one_of_its_own(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=4000)
    begin = make_begin()
    spool.begin(begin)
    spool.content(begin.event_id, ORGANIZATION, bytes(3 * 2**20))
    spool.end(make_end(begin))
    assert follow(tmp_path) == [(Kind.CONTENT, begin.event_id), (Kind.END, begin.event_id)]


def test_a_full_disk_is_said_and_costs_nothing(tmp_path: Path, disk: list[str]) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=3000)
    disk.append("full")
    begins = [make_begin() for _ in range(10)]
    for begin in begins:
        spool.begin(begin)
    assert not spool.state.is_durable
    assert spool.state.open_count == 10
    for begin in begins:
        spool.end(make_end(begin))
    assert spool.state.backlog_bytes > 0
    assert spool.state.open_count == 0

    disk.clear()
    spool.sync()
    assert spool.state == writer.SpoolState(True, 0, 0, 0)
    spool.close()
    assert sorted(follow(tmp_path)) == sorted((Kind.END, each.event_id) for each in begins)


def test_a_disk_that_is_full_from_the_start_is_waited_for(tmp_path: Path, disk: list[str]) -> None:
    disk.append("full")
    spool = SpoolWriter(tmp_path / "spool", "gateway-0")
    begin = make_begin()
    spool.begin(begin)
    disk.clear()
    spool.end(make_end(begin))
    assert follow(tmp_path / "spool") == [(Kind.END, begin.event_id)]


def test_past_the_bound_content_goes_first_and_then_the_oldest(
    tmp_path: Path, disk: list[str]
) -> None:
    disk.append("full")
    spool = SpoolWriter(tmp_path, "gateway-0", backlog_bytes=5200)
    ends = [make_end(make_begin()) for _ in range(5)]
    spool.content(ends[0].event_id, ORGANIZATION, bytes(1000))
    for end in ends:
        spool.end(end)
    assert spool.state.dropped_count == 2
    disk.clear()
    spool.sync()
    assert follow(tmp_path) == [(Kind.END, end.event_id) for end in ends[1:]]


def test_a_call_whose_end_was_dropped_counts_as_interrupted(
    tmp_path: Path, disk: list[str]
) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=2000, backlog_bytes=2000)
    lost, kept = make_begin(), make_begin()
    spool.begin(lost)
    spool.begin(kept)
    disk.append("full")
    spool.end(make_end(lost))
    spool.end(make_end(kept))
    assert spool.state.dropped_count == 1
    disk.clear()
    spool.sync()
    assert follow(tmp_path) == [(Kind.INTERRUPTED, lost.event_id), (Kind.END, kept.event_id)]


def segment_of(spool: Path, number: int) -> Path:
    return sorted(spool.glob("*/*.seg"))[number]


def test_a_damaged_beginning_does_not_hide_the_end(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0")
    first, second = make_begin(), make_begin()
    for begin in (first, second):
        spool.begin(begin)
        spool.end(make_end(begin))
    path = segment_of(tmp_path, 0)
    damage(path, positions(path.read_bytes())[1][0])
    assert follow(tmp_path) == [(Kind.END, first.event_id), (Kind.END, second.event_id)]


def test_a_damaged_end_counts_as_interrupted_from_the_next_segment_on(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=4000)
    call, other = make_begin(), make_begin()
    spool.begin(call)
    spool.end(make_end(call))
    path = segment_of(tmp_path, 0)
    damage(path, positions(path.read_bytes())[2][0])
    spool.begin(other)
    assert follow(tmp_path) == []
    spool.content(other.event_id, ORGANIZATION, bytes(4000))  # makes the next segment
    found = follow(tmp_path)
    assert found == [(Kind.INTERRUPTED, call.event_id), (Kind.CONTENT, other.event_id)]


def test_a_segment_stays_while_it_has_the_only_whole_copy_of_a_beginning(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0", segment_bytes=4000)
    call = make_begin()
    spool.begin(call)
    spool.content(call.event_id, ORGANIZATION, bytes(4000))
    path = segment_of(tmp_path, 1)
    damage(path, positions(path.read_bytes())[1][0])
    assert follow(tmp_path) == [(Kind.CONTENT, call.event_id)]
    assert len(list(tmp_path.glob("*/*.seg"))) == 2
    spool.close()
    assert (Kind.INTERRUPTED, call.event_id) in follow(tmp_path)


def test_what_is_deferred_is_over_here_and_comes_out_once(tmp_path: Path) -> None:
    spool = SpoolWriter(tmp_path, "gateway-0")
    begin = make_begin()
    spool.begin(begin)
    assert spool.defer(begin.event_id, ORGANIZATION, b"later")
    assert spool.state.open_count == 0
    spool.close()
    (folder,) = writer_folders(tmp_path)
    (deferred,) = Follower(folder).read(10**9)
    assert (deferred.kind, deferred.payload) == (Kind.DEFERRED, b"later")
    assert UUID(bytes=deferred.event_id) == begin.event_id


def test_what_no_disk_takes_is_not_deferred(tmp_path: Path, disk: list[str]) -> None:
    disk.append("full")
    spool = SpoolWriter(tmp_path, "gateway-0")
    begin = make_begin()
    spool.begin(begin)
    assert not spool.defer(begin.event_id, ORGANIZATION, b"later")
    disk.clear()
    spool.sync()
    assert spool.state.open_count == 1
    spool.close()
    assert follow(tmp_path) == [(Kind.INTERRUPTED, begin.event_id)]
