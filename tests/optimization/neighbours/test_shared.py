"""A map that processes share finds what a list in one of them would, and is bounded."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from apps.optimization.answers.spaces import Space
from apps.optimization.neighbours import (
    CAPACITY,
    IndexFolder,
    SharedIndex,
    Writer,
    opened_rows,
    sealed_row,
    sealed_tie,
)
from apps.optimization.neighbours.folder import IDLE_SECONDS
from apps.optimization.similarity import AnswerIndex, Vector
from apps.tenants.vault import new_data_key

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AT_S = NOW.timestamp()
MOST_BYTES = 150_000  # two maps of 200 questions
SPACE = Space(UUID(int=1), "ab" * 32, new_data_key())
OTHER = Space(UUID(int=2), "ab" * 32, new_data_key())


def vectors(size: int, seed: int = 1) -> list[Vector]:
    drawn = np.random.default_rng(seed).normal(size=(size, 256)).astype(np.float32)
    return list(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def digest(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def row(number: int, vector: Vector, *, same_as: bytes = b"", ttl_s: int = 60) -> bytes:
    expires_at = NOW + timedelta(seconds=ttl_s)
    return sealed_row(SPACE, digest(number), vector, expires_at=expires_at, same_as=same_as)


def write(index: SharedIndex, sealed: Sequence[bytes], *, last: str = "5-0") -> None:
    with index.locked() as is_ours:
        assert is_ours
        Writer(index).extend(opened_rows(SPACE, sealed), last=last)


@pytest.fixture
def index(tmp_path: Path) -> SharedIndex:
    return IndexFolder(tmp_path, most_bytes=1 << 20).open("one")


def found(index: SharedIndex, vector: Vector, *, at_s: float = AT_S) -> int | None:
    match = index.nearest(vector, at_s=at_s)
    return next(n for n in count() if digest(n).hex() == match.entry) if match else None


def test_it_finds_what_an_index_of_one_process_finds(index: SharedIndex) -> None:
    known, plain = vectors(300), AnswerIndex(300)
    write(index, [row(n, each) for n, each in enumerate(known)])
    for n, each in enumerate(known):
        plain.add(digest(n).hex(), each)
    for noise, each in zip(vectors(50, seed=2), known, strict=False):
        asked: Vector = each + noise * np.float32(0.5)
        ours, theirs = index.nearest(asked, at_s=AT_S), plain.nearest(asked)
        assert ours
        assert theirs
        assert ours.entry == theirs.entry
        assert ours.score == pytest.approx(theirs.score, abs=0.01)


def test_another_process_sees_what_one_has_written(index: SharedIndex) -> None:
    first, second = vectors(2)
    other = SharedIndex(index.path)
    write(index, [row(1, first)], last="7-1")
    assert (found(other, first), len(other), other.last) == (1, 1, "7-1")
    write(other, [row(2, second)], last="7-2")
    assert (found(index, second), len(index), index.last) == (2, 2, "7-2")


def test_one_process_writes_at_a_time(index: SharedIndex) -> None:
    other = SharedIndex(index.path)
    with index.locked() as is_ours, other.locked() as is_theirs:
        assert (is_ours, is_theirs) == (True, False)
    with other.locked() as is_theirs:
        assert is_theirs


def test_entries_of_the_same_answer_are_no_rivals(index: SharedIndex) -> None:
    one, two, three = vectors(3)
    write(index, [row(1, one), row(2, two, same_as=digest(1)), row(3, three)])
    match = index.nearest(one, at_s=AT_S)
    assert match
    assert match.rival == digest(3).hex()
    write(index, [sealed_tie(SPACE, digest(3), digest(2))])
    match = index.nearest(one, at_s=AT_S)
    assert match
    assert match.rival is None


def test_what_is_dropped_told_again_or_expired_is_not_found(index: SharedIndex) -> None:
    one, two, three = vectors(3)
    write(index, [row(1, one), row(2, two, ttl_s=10), row(1, three)])
    assert [found(index, each) for each in (two, three)] == [2, 1]
    match = index.nearest(one, at_s=AT_S)
    assert match
    assert match.similarity < 0.5
    assert found(index, two, at_s=AT_S + 11) == 1
    with index.locked():
        Writer(index).drop(digest(1))
    assert [found(index, three), found(index, three, at_s=AT_S + 11)] == [2, None]


def test_the_oldest_gives_way(index: SharedIndex) -> None:
    known = vectors(CAPACITY + 3)
    for start in range(0, len(known), 1000):
        part = known[start : start + 1000]
        write(index, [row(start + n, each) for n, each in enumerate(part)])
    assert len(index) == CAPACITY
    kept = [found(index, known[n]) == n for n in (0, 2, 3, CAPACITY, CAPACITY + 2)]
    assert kept == [False, False, True, True, True]


def test_nothing_is_read_while_rows_change_and_a_crash_begins_anew(index: SharedIndex) -> None:
    [one] = vectors(1)
    write(index, [row(1, one)])
    index.head["version"][0] += 1
    assert found(index, one) is None
    write(index, [row(2, one)], last="9-0")
    assert (found(index, one), len(index)) == (2, 1)


def test_rows_of_another_organization_do_not_open() -> None:
    [one] = vectors(1)
    foreign = sealed_row(OTHER, digest(1), one, expires_at=NOW)
    moved = sealed_row(
        Space(SPACE.organization_id, "cd" * 32, SPACE.data_key), digest(1), one, expires_at=NOW
    )
    told = opened_rows(SPACE, [foreign, moved, b"", os.urandom(400), row(7, one)])
    assert [each.tobytes() for each in told.rows["digest"]] == [digest(7)]


def test_the_longest_unused_go_when_there_are_too_many(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path, most_bytes=MOST_BYTES)
    indexes = [folder.open(str(n)) for n in range(4)]
    for n, each in enumerate(indexes):
        write(each, [row(k, vector) for k, vector in enumerate(vectors(200))])
        os.utime(each.path, (AT_S + n, AT_S + n))
    folder.use("0")
    assert folder.trim(at_s=AT_S) <= MOST_BYTES
    assert [each.is_gone for each in indexes] == [False, True, True, False]
    assert indexes[1].nearest(vectors(1)[0], at_s=AT_S) is None
    again = folder.open("1")
    assert (len(again), again.last, again.is_gone) == (0, "0-0", False)
    assert folder.known("2") is None
    os.utime(indexes[3].path, (AT_S, AT_S))
    folder.trim(at_s=AT_S + IDLE_SECONDS + 1)
    assert [each.is_gone for each in (indexes[0], again, indexes[3])] == [False, False, True]
